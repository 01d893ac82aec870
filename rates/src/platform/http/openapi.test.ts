import * as Type from "typebox";
import { Check } from "typebox/value";
import { describe, expect, test } from "vitest";
import { testDatabase } from "../../../../tests/support/database";
import { testApi } from "../../../testing/api";
import { ask } from "../../../testing/http";

const Media = Type.Object({ schema: Type.Object({}), example: Type.Optional(Type.Unknown()) });
const Parameter = Type.Object({
  name: Type.String(),
  in: Type.Enum(["query", "path", "header"]),
  required: Type.Boolean(),
  schema: Type.Object({ type: Type.String() }),
  example: Type.String(),
});
const Operation = Type.Object({
  summary: Type.String({ minLength: 1 }),
  parameters: Type.Optional(Type.Array(Parameter)),
  responses: Type.Record(
    Type.String({ pattern: "^[1-5][0-9][0-9]$" }),
    Type.Object({ description: Type.String(), content: Type.Optional(Type.Record(Type.String(), Media)) }),
  ),
});
const Document = Type.Object({
  openapi: Type.Literal("3.1.0"),
  info: Type.Object({ title: Type.String(), version: Type.String(), description: Type.String() }),
  paths: Type.Record(Type.String({ pattern: "^/" }), Type.Object({ get: Operation })),
});

describe("GET /openapi.json", () => {
  test("/openapi.json is an OpenAPI document of every route, and its examples are true", async () => {
    await using database = await testDatabase("migrated");
    await using api = await testApi(database);
    const { status, headers, body } = await ask(api.port, "/openapi.json");
    expect([status, headers["content-type"]]).toEqual([200, "application/json; charset=utf-8"]);
    const document: unknown = JSON.parse(body);
    if (!Check(Document, document)) throw new Error(`not an OpenAPI document: ${body}`);

    expect(Object.keys(document.paths).sort()).toEqual(routesOf(api.http.printRoutes({ commonPrefix: false })));

    const { parameters = [], responses } = document.paths["/rates"]?.get ?? {
      responses: {} as Type.Static<typeof Operation>["responses"],
    };
    expect(parameters.map(({ name, required }) => [name, required])).toEqual([
      ["date_from", true],
      ["date_to", true],
      ["orig_code", false],
      ["dest_code", false],
      ["origin", false],
      ["destination", false],
      ["if-none-match", false],
      ["x-data-version", false],
    ]);
    expect(Object.keys(responses)).toEqual(["200", "304", "400", "412", "503"]);
    expect(responses["400"]?.content).toHaveProperty(["application/problem+json"]);
    const example = parameters
      .slice(0, 4)
      .map((parameter) => `${parameter.name}=${parameter.example}`)
      .join("&");
    const answer = JSON.parse((await ask(api.port, `/rates?${example}`)).body);
    const documented = responses["200"]?.content?.["application/json"];
    expect(Check(documented?.schema ?? Type.Never(), answer)).toBe(true);
    expect(documented?.example).toEqual({ rates: [answer.rates[0]] });
  });

  test("a second reader gets the same document", async () => {
    await using api = await testApi({ url: "postgres://rates@127.0.0.1:1/rates", passwordFile: "/dev/null" });
    const [first, second] = await Promise.all([ask(api.port, "/openapi.json"), ask(api.port, "/openapi.json")]);
    expect(second.body).toBe(first.body);
  });
});

/** The routes of the router's drawing: a tree in which `/healthy` is the `y` below `/health`. */
function routesOf(drawing: string): string[] {
  const parents: string[] = [];
  const routes = drawing.split("\n").flatMap((line) => {
    const [, indent = "", part = "", methods] = line.match(/^(.*)── (\S+)( \()?/) ?? [];
    if (part === "") return [];
    const depth = Math.floor(indent.length / 4);
    parents[depth] = (parents[depth - 1] ?? "") + part;
    return methods ? [parents[depth]?.replace(/^(?!\/)/, "/") ?? ""] : [];
  });
  // The router writes `:id` where the document writes `{id}`.
  return routes.map((route) => route.replace(/:(\w+)/g, "{$1}")).sort();
}
