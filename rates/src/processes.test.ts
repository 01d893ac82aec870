import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { identifyProcess, signalProcess } from "../../infra/copies/process-identity";
import { buildService, type ServiceBundle } from "../../infra/images/api/bundle";
import { type TestDatabase, testDatabase } from "../../tests/support/database";
import { childrenOf } from "../../tests/support/process-tree";
import { environmentFor } from "../testing/api";
import { ask } from "../testing/http";
import { ServiceProcess } from "../testing/service-process";

const rates = "/rates?date_from=2021-01-31&date_to=2021-01-31&orig_code=CNGGZ&dest_code=EETLL";

let bundle: ServiceBundle;
let database: TestDatabase;

beforeAll(async () => {
  bundle = await buildService(resolve(__dirname, "../.."));
  database = await testDatabase("migrated");
});

afterAll(() => database?.[Symbol.asyncDispose]());

function start(environment: Record<string, string> = {}): ServiceProcess {
  return new ServiceProcess(bundle.file, environmentFor(database, { API_PROCESSES: "2", ...environment }));
}

/** A process starts in half a second; this is for a loaded machine. */
const PATIENT = { timeout: 20_000 };

/** Resolves once so many processes answer below the service's own. */
async function processesOf(service: ServiceProcess, count: number): Promise<number[]> {
  await expect
    .poll(() => service.lines.filter((line) => line.includes("Server listening")).length, PATIENT)
    .toBe(count);
  return childrenOf(service.pid);
}

describe("several API processes on one port", () => {
  test("one that is killed leaves the port answering and is replaced", async () => {
    await using service = start();
    const port = await service.port();
    const [victim = 0] = await processesOf(service, 2);
    signalProcess(victim, "SIGKILL");
    await expect.poll(() => childrenOf(service.pid).includes(victim), PATIENT).toBe(false);
    expect((await ask(port, rates)).status).toBe(200);
    expect(await processesOf(service, 3)).toHaveLength(2);
    expect((await ask(port, rates)).status).toBe(200);
  });

  test.each<NodeJS.Signals>(["SIGTERM", "SIGINT"])(
    "%s drains all of them, also where it reaches each",
    async (signal) => {
      await using service = start();
      await service.port();
      for (const pid of await processesOf(service, 2)) signalProcess(pid, signal);
      service.signal(signal);
      expect(await service.exit).toBe(0);
      expect(service.lines.filter((line) => line.includes('"drained"'))).toHaveLength(2);
      expect(service.lines.join()).not.toContain("second signal");
    },
  );

  test("when the one above them is killed, none is left", async () => {
    await using service = start();
    await service.port();
    const pids = await processesOf(service, 2);
    service.signal("SIGKILL");
    await service.exit;
    await expect.poll(() => pids.filter((pid) => identifyProcess(pid)), PATIENT).toEqual([]);
  });

  test("a start that cannot succeed ends all of them with the reason", async () => {
    await using service = start({ COPY_ID: "somebody-else" });
    expect(await service.exit).toBe(1);
    expect(service.lines.join()).toContain('COPY_ID is "somebody-else"');
  });
});
