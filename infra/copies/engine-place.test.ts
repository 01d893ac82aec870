import { describe, expect, test } from "vitest";
import { enginePlace } from "./engine-place";

describe("where a copy is reached follows from the engine it lives on", () => {
  test.each([
    [undefined, "127.0.0.1", "127.0.0.1"],
    ["unix:///var/run/docker.sock", "127.0.0.1", "127.0.0.1"],
    ["tcp://127.0.0.1:2375", "127.0.0.1", "127.0.0.1"],
    ["tcp://localhost:2375", "127.0.0.1", "127.0.0.1"],
    ["tcp://build.example:2376", "build.example", "0.0.0.0"],
    ["ssh://you@build.example", "build.example", "0.0.0.0"],
  ])("%s: asked at %s, published on %s", (engine, host, publishedOn) => {
    expect(enginePlace(engine)).toMatchObject({ host, publishedOn });
  });

  test.each(["build.example", "tcp://", "ftp://build.example"])("%s is refused by name", (engine) => {
    expect(() => enginePlace(engine)).toThrow(`DOCKER_HOST=${engine} names no engine`);
  });
});
