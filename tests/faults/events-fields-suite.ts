import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RuntimeName } from "infra/copies/registry";
import { type PushJson, pushEvents } from "rates/testing/events";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type CopiesFolder, copiesFolder } from "../support/copies";
import { temporaryFolder } from "../support/folder";

/** Far beyond a birth on a loaded machine, with images to build. */
const BIRTH_LIMIT_MS = 300_000;

export interface FieldsSuiteOptions {
  readonly runtime: RuntimeName;
  /** What the machine lacks; then nothing is brought up, and the caller skips the tests. */
  lacks?(): Promise<string | undefined>;
}

/** EVENT_FIELDS_FILE is a file on the user's machine; what the service reads is in the copy: the same in every runtime. */
export function testFields({ runtime, lacks }: FieldsSuiteOptions): void {
  const folder = temporaryFolder();
  const file = join(folder.path, "my-fields.json");
  let copies: CopiesFolder;
  let sent = 0;

  beforeAll(async () => {
    if (await lacks?.()) return;
    copies = copiesFolder({ runtime });
  });

  afterAll(async () => {
    await copies?.[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  async function up(fields: object): Promise<unknown> {
    writeFileSync(file, JSON.stringify(fields));
    const { exitCode, all } = await copies.copy(["up", "qa"], { env: { EVENT_FIELDS_FILE: file } });
    expect(exitCode, all).toBe(0);
    return (await copies.status("qa"))?.revision;
  }

  async function push(client: string): Promise<PushJson> {
    const status = await copies.status("qa");
    sent += 1; // so that none is another one's duplicate
    const { json } = await pushEvents(Number(new URL(status?.url ?? "").port), { [client]: "a", amount: sent });
    return json;
  }

  test("up with names of fields takes events that use them; other names are another revision", {
    timeout: BIRTH_LIMIT_MS,
  }, async () => {
    const first = await up({ client: ["tenant"] });
    expect(await push("tenant")).toMatchObject({ processed: 1 });
    expect(await up({ client: ["tenant"] })).toBe(first);
    expect(await up({ client: ["shop"] })).not.toBe(first);
    expect([await push("tenant"), await push("shop")]).toMatchObject([{ processed: 0 }, { processed: 1 }]);
    rmSync(file);
    expect((await copies.copy(["stop", "qa"])).exitCode).toBe(0);
  });

  test.each([
    ["that is not there", undefined, /EVENT_FIELDS_FILE names .*bad\.json, which cannot be read/],
    ["that is not usable", '{"clients":[]}', /EVENT_FIELDS_FILE .*bad\.json is not usable: "clients" is not one of/],
  ])("up with a file %s says so and makes nothing", async (_what, content, message) => {
    const bad = join(folder.path, "bad.json");
    if (content !== undefined) writeFileSync(bad, content);
    const { exitCode, all } = await copies.copy(["up", "other"], { env: { EVENT_FIELDS_FILE: bad } });
    expect(exitCode).toBe(1);
    expect(all).toMatch(message);
    expect(await copies.status("other")).toBeUndefined();
  });
}
