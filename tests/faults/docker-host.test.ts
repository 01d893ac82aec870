import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import type { CopyStatus } from "infra/cli/status";
import { beforeEach, describe, expect, test } from "vitest";
import { copiesFolder } from "../support/copies";
import { engineObjects, leftoversOf } from "../support/engine-objects";
import { expectReadmeAnswer } from "../support/readme-question";
import { DOCKER_COPY, needs } from "../support/runtimes";

const LIMIT_MS = 300_000;

/** Where Linux keeps the engine's own socket. */
const SOCKET = "/var/run/docker.sock";

/**
 * The engine of this machine at an address that is none of this machine's usual ones, so that everything is done as with an
 * engine elsewhere: over the network, with published ports and addresses of its own.
 */
async function engineElsewhere(): Promise<{ readonly address: string } & AsyncDisposable> {
  const server = createServer((client) => {
    const engine = connect(SOCKET);
    client.pipe(engine).pipe(client);
    for (const socket of [client, engine]) socket.on("error", () => [client, engine].map((each) => each.destroy()));
  });
  await once(server.listen(0, "127.0.0.2"), "listening");
  const { port } = server.address() as AddressInfo;
  return { address: `tcp://127.0.0.2:${port}`, [Symbol.asyncDispose]: async () => void server.close() };
}

describe("docker: a copy lives on the engine that DOCKER_HOST named at its birth", () => {
  beforeEach(needs("docker", ...DOCKER_COPY));

  test(
    "it is reached at that engine's address; other engines' commands are told where it is",
    async () => {
      await using engine = await engineElsewhere();
      await using copies = copiesFolder({ runtime: "docker" });
      const env = { DOCKER_HOST: engine.address };
      const born = await copies.copy(["up", "far"], { env, timeout: LIMIT_MS });
      expect(born.exitCode, born.all).toBe(0);
      const [status] = JSON.parse((await copies.copy(["status", "--json"], { env })).stdout) as CopyStatus[];
      expect(status).toMatchObject({ state: "running", url: expect.stringMatching(/^http:\/\/127\.0\.0\.2:3\d\d\d$/) });
      await expectReadmeAnswer(status?.url);
      const asked = await copies.copy(["sql", "far", "-c", "SELECT inet_server_port()", "--json"], { env });
      expect([asked.exitCode, asked.all]).toEqual([0, expect.stringContaining("5432")]);

      expect(await copies.status("far")).toMatchObject({
        state: "elsewhere",
        detail: expect.stringContaining(engine.address),
      });
      const refused = await copies.copy(["down", "far"]);
      expect([refused.exitCode, refused.all]).toEqual([
        1,
        expect.stringContaining(`Copy "far" lives on the engine ${engine.address}: say so with DOCKER_HOST=`),
      ]);
      await expectReadmeAnswer(status?.url);

      const taken = await copies.copy(["up", "other", "--port", status?.url?.split(":").at(-1) ?? ""], { env });
      expect([taken.exitCode, taken.all]).toEqual([1, expect.stringContaining('belongs to copy "far"')]);
      const gone = await copies.copy(["down", "far"], { env });
      expect(gone.exitCode, gone.all).toBe(0);
      expect(await engineObjects(copies.path)).toEqual([]);
      expect(await leftoversOf(copies)).toEqual([]);
    },
    LIMIT_MS,
  );
});
