import { findCheckout } from "infra/copies/checkout";
import { listContainers } from "infra/runtimes/docker/objects";
import { describe, expect, test } from "vitest";
import { ENGINE, needs, SOURCES, TERRAFORM } from "../support/runtimes";
import { describeCopies } from "./copies-suite";

describe("docker: /rates of a running copy equals the task's query, through its proxy", () => {
  const copies = describeCopies({ runtime: "docker", requires: needs("docker", ENGINE, TERRAFORM, SOURCES) });

  test("the database is PostgreSQL 13.5, asked itself and as status tells it", async () => {
    await using database = await copies().connect("dev");
    const { rows } = await database.query<{ server_version: string }>("SHOW server_version");
    expect(rows).toEqual([{ server_version: "13.5" }]);
    expect(await copies().status("dev")).toMatchObject({ runtime: "docker", server_version: "13.5" });
  });

  test("a second up replaces no container", async () => {
    const checkout = findCheckout({ COPIES_DIR: copies().path });
    const before = await listContainers(checkout, "changed");
    const roles = ["api", "database", "proxy", "proxy-config", "queue", "secrets"];
    expect(before.map(({ role }) => role).sort()).toEqual(roles);
    const { exitCode, all } = await copies().copy(["up", "changed"]);
    expect(exitCode, all).toBe(0);
    expect(await listContainers(checkout, "changed")).toEqual(before);
  });
});
