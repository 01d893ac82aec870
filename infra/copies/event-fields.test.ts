import { existsSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../tests/support/folder";
import { writeKnownCopy } from "../../tests/support/known-copy";
import { serviceEnvironment, sharedEnvironment } from "./environment";
import { eventFieldsFile, keepEventFields } from "./event-fields";
import { Problem } from "./problem";

const ADDRESS = { host: "127.0.0.1", port: 1, database: "rates", user: "rates", passwordFile: "/none" };

/** A checkout whose `.env` names a file. @param content undefined leaves it out */
function checkoutWith(content: string | undefined) {
  const folder = temporaryFolder();
  const file = join(folder.path, "my-fields.json");
  writeFileSync(join(folder.path, ".env"), "EVENT_FIELDS_FILE=my-fields.json\n");
  if (content !== undefined) writeFileSync(file, content);
  return { root: folder.path, file, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

test("the file is named by what is in it, from the checkout on, and another content is another setting", () => {
  using one = checkoutWith('{"client":["tenant"]}');
  using same = checkoutWith('{"client":["tenant"]}');
  using other = checkoutWith('{"client":["shop"]}');
  const [first, second, third] = [one, same, other].map(eventFieldsFile);
  expect(first).toEqual({
    name: expect.stringMatching(/^event-fields-[0-9a-f]{12}\.json$/),
    content: '{"client":["tenant"]}',
  });
  expect(second).toEqual(first);
  expect(third?.name).not.toBe(first?.name);
});

test.each([
  ["that is not there", undefined, /^EVENT_FIELDS_FILE names .*my-fields\.json, which cannot be read$/],
  ["that is no JSON", "{", /^EVENT_FIELDS_FILE .*my-fields\.json is not JSON/],
  ["with a field that there is not", '{"clients":["a"]}', /is not usable: "clients" is not one of payload, client/],
])("a file %s is a problem that names it", (_what, content, message) => {
  using checkout = checkoutWith(content);
  const look = () => eventFieldsFile(checkout);
  expect(look).toThrow(Problem);
  expect(look).toThrow(message);
});

test("a process of the copy reads a file of the copy's own, which outlives the user's", () => {
  using checkout = checkoutWith('{"client":["tenant"]}');
  const { copy } = writeKnownCopy(join(checkout.root, "copies"), "qa", "small");
  const own = { ...copy, checkout: { ...copy.checkout, root: checkout.root } };
  const shared = sharedEnvironment(own.checkout, own.record);
  const place = { revision: "r", database: ADDRESS, queue: ADDRESS, host: "127.0.0.1", port: 1, processes: 1 };
  const { EVENT_FIELDS_FILE: path } = serviceEnvironment(own, { shared, proxyGate: false, ...place });
  keepEventFields(own);
  rmSync(checkout.file);
  expect([basename(path), existsSync(path)]).toEqual([shared.EVENT_FIELDS_FILE, true]);
});
