import { DatabaseError } from "pg";
import { expect, test } from "vitest";
import { DatabaseUnavailable, MigrationsMissing, NoAnswer, WrongCopy } from "../../platform/database/failure";
import { explanationOf } from "../../platform/explanation";
import { Problem } from "../../platform/http/problem";
import { carried, restored } from "./carried-error";
import { databaseFull, otherPayload, stillRunning } from "./limits";
import { RowErrors } from "./row-error";

/** As it comes out of the other end of a port. */
function crossed(error: unknown): Error {
  return restored(structuredClone(carried(error)));
}

function rowErrors(): Problem {
  const errors = new RowErrors();
  for (let row = 1; row <= 120; row += 1) errors.add({ row, field: "price", value: { nested: [row] }, reason: "bad" });
  return errors.problem();
}

test.each<[string, Problem]>([
  ["of bad rows", rowErrors()],
  ["with Retry-After", stillRunning()],
  ["without a kind", new Problem(415, "not taken", { headers: { "Accept-Encoding": "gzip" } })],
  ["without anything", new Problem(400, "no")],
  ["with its cause", databaseFull(new DatabaseUnavailable("out of room"))],
  ["of a key", otherPayload()],
])("a problem %s has the same answer on the other side", (_name, problem) => {
  const found = crossed(problem);
  expect(found).toBeInstanceOf(Problem);
  if (!(found instanceof Problem)) return;
  expect(found.body("id")).toEqual(problem.body("id"));
  expect([found.statusCode, found.headers]).toEqual([problem.statusCode, problem.headers]);
  expect(explanationOf(found)).toBe(explanationOf(problem));
});

test.each<[string, Error]>([
  ["DatabaseUnavailable", new DatabaseUnavailable("away", { cause: new NoAnswer(300) })],
  ["WrongCopy", new WrongCopy("mine", "theirs")],
  ["MigrationsMissing", new MigrationsMissing(["0001"])],
  ["DatabaseError", Object.assign(new DatabaseError("no such relation", 9, "error"), { code: "42P01" })],
  ["TypeError", new TypeError("undefined is no function")],
  ["an error of the system", Object.assign(new Error("connect"), { code: "ECONNREFUSED", errno: -111, port: 1 })],
  ["an error caused by what is no error", new Error("failed", { cause: "a text" })],
])("%s is of the same class, and the log shows the same of it", (_name, error) => {
  const found = crossed(error);
  expect(Object.getPrototypeOf(found)).toBe(Object.getPrototypeOf(error));
  expect(found.name).toBe(error.name);
  expect(found.stack).toBe(error.stack);
  expect(Object.entries(found)).toEqual(Object.entries(error).filter(([, value]) => value !== undefined));
  expect(explanationOf(found)).toBe(explanationOf(error));
});

test("what an error refers to beside plain values stays behind, and what is no error is told as text", () => {
  const held = crossed(Object.assign(new Error("with a socket"), { socket: { destroy() {} }, code: "ECONNRESET" }));
  expect(Object.entries(held)).toEqual([["code", "ECONNRESET"]]);
  expect(crossed("only a text").message).toBe("only a text");
});
