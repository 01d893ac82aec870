import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { temporaryFolder } from "../../../tests/support/folder";
import { ENGINE, needs, TERRAFORM } from "../../../tests/support/runtimes";
import { askRegistries, imagesAnswer, providerAnswers, type RegistryAnswers } from "./registries";

/** A registry on this machine; the engine speaks plain HTTP to loopback addresses. */
async function registry(answer: RequestListener): Promise<{ readonly host: string } & AsyncDisposable> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    host: `127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json";
const DIGEST = `sha256:${"0".repeat(64)}`;
const MANIFEST = JSON.stringify({
  schemaVersion: 2,
  mediaType: MANIFEST_TYPE,
  config: { mediaType: "application/vnd.docker.container.image.v1+json", size: 2, digest: DIGEST },
  layers: [],
});

/** A download takes that long: enough for whoever does not want it to hang up. */
const DOWNLOAD_MS = 1_000;

/** Knows every image, and counts what was fetched of them. */
const withImages =
  (fetched: string[]): RequestListener =>
  ({ url = "" }, response) => {
    if (url.includes("/blobs/")) {
      response.once("finish", () => fetched.push(url));
      setTimeout(() => response.end("{}"), DOWNLOAD_MS);
      return;
    }
    const type = url.includes("/manifests/") ? MANIFEST_TYPE : "application/json";
    response.writeHead(200, { "Content-Type": type, "Docker-Distribution-Api-Version": "registry/2.0" });
    response.end(url.includes("/manifests/") ? MANIFEST : "{}");
  };

const withoutImages: RequestListener = ({ url }, response) => {
  response.writeHead(url === "/v2/" ? 200 : 404, { "Docker-Distribution-Api-Version": "registry/2.0" });
  response.end("{}");
};

describe("whether an image registry answers", () => {
  beforeEach(needs("docker", ENGINE));

  test("one that has the image does, before anything of it is downloaded", async () => {
    const fetched: string[] = [];
    await using server = await registry(withImages(fetched));
    expect(await imagesAnswer(`${server.host}/some/image:1`)).toBe(true);
    expect(fetched).toEqual([]);
  });

  test("one that has not got it does not", async () => {
    await using server = await registry(withoutImages);
    expect(await imagesAnswer(`${server.host}/some/image:1`)).toBe(false);
  });

  test("one that takes the connection and says nothing does not", async () => {
    await using server = await registry(() => {});
    expect(await imagesAnswer(`${server.host}/some/image:1`)).toBe(false);
  });

  test("one that refuses the connection does not", async () => {
    expect(await imagesAnswer("127.0.0.1:1/some/image:1")).toBe(false);
  });
});

describe("the provider's registry", () => {
  beforeEach(needs("docker", TERRAFORM));

  test.each(["http://127.0.0.1:1", "silent"])("that is behind %s does not answer", async (place) => {
    await using server = await registry(() => {});
    const proxy = place === "silent" ? `http://${server.host}` : place;
    expect(await providerAnswers({ HTTPS_PROXY: proxy, HTTP_PROXY: proxy, NO_PROXY: "" })).toBe(false);
  });
});

describe("what the registries answered", () => {
  const minutes = (count: number) => count * 60_000;
  let folder: ReturnType<typeof temporaryFolder>;
  const memory = () => join(folder.path, "registries.json");

  beforeEach(needs("docker", ENGINE, TERRAFORM));
  beforeEach(() => {
    folder = temporaryFolder();
    vi.stubEnv("AIRGAP_CACHE", folder.path);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    folder?.[Symbol.dispose]();
  });

  /** Changes what is remembered to the opposite: whoever gives that has not asked again. */
  function turnAround(): RegistryAnswers {
    const remembered = JSON.parse(readFileSync(memory(), "utf8")) as { answers: RegistryAnswers };
    const { images, provider } = remembered.answers;
    const answers = { images: !images, provider: !provider };
    writeFileSync(memory(), JSON.stringify({ ...remembered, answers }));
    return answers;
  }

  test("is believed for ten minutes, then asked again", async () => {
    const truth = await askRegistries(minutes(100));
    const opposite = turnAround();
    expect(await askRegistries(minutes(109.9))).toEqual(opposite);
    expect(await askRegistries(minutes(110))).toEqual(truth);
  });

  test("is asked again when the clock was set back", async () => {
    const truth = await askRegistries(minutes(100));
    turnAround();
    expect(await askRegistries(minutes(99))).toEqual(truth);
  });

  test("says nothing about another engine", async () => {
    await askRegistries(minutes(100));
    turnAround();
    vi.stubEnv("DOCKER_HOST", "tcp://127.0.0.1:1");
    expect((await askRegistries(minutes(101))).images).toBe(false);
  });

  test("is not remembered where no engine was there to ask", async () => {
    vi.stubEnv("DOCKER_HOST", "tcp://127.0.0.1:1");
    await askRegistries(minutes(100));
    expect(() => readFileSync(memory())).toThrow("ENOENT");
  });
});
