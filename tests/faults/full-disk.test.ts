import { tmpdir } from "node:os";
import { testApi } from "rates/testing/api";
import { freshKey, largeCsv, postBatch } from "rates/testing/batches";
import { DIFFERENCES_SQL } from "rates/testing/rollup";
import { beforeEach, describe, expect, test } from "vitest";
import { testDatabase } from "../support/database";
import { needs } from "../support/runtimes";
import { testServer } from "../support/server";
import { SMALL_DISK, smallDisk } from "../support/small-disk";

/** Spooled they take 7 MB, in the table 13. */
const ROWS = 300_000;

describe("batches: on a full disk a batch is refused with the reason, nothing of it is taken, and with room it goes in", () => {
  beforeEach(needs("embedded", SMALL_DISK));

  test("the disk of SPOOL_DIR: 503 that names the setting, and what was spooled is freed at once", async () => {
    using disk = smallDisk(64, tmpdir());
    await using database = await testDatabase("migrated");
    await using api = await testApi(database, { SPOOL_DIR: disk.path });
    const [key, body] = [freshKey(), largeCsv(ROWS)];
    disk.fill(2);
    const free = disk.free();
    const { status, headers, json } = await postBatch(api.port, { body, key });
    expect([status, headers["retry-after"], json.type, json.detail]).toEqual([
      503,
      "60",
      "urn:rates:problem:spool-unavailable",
      "The directory for large batches (SPOOL_DIR) is full; nothing of the batch was taken.",
    ]);
    await expect.poll(disk.free).toBe(free);
    expect(await database.query("SELECT FROM batches")).toEqual([]);
    disk.makeRoom();
    expect((await postBatch(api.port, { body, key })).status).toBe(201);
    expect(await database.query(DIFFERENCES_SQL)).toEqual([{ count: 0 }]);
  });

  test("the disk of the database: 503 that says so, reads go on, and the next batch needs no restart", async () => {
    await using server = await testServer();
    using disk = smallDisk(96, server.directory);
    const name = await server.createDatabase("migrated");
    {
      await using admin = await server.connect("postgres");
      await admin.query(`CREATE TABLESPACE small LOCATION '${disk.path}'`);
      await admin.query(`ALTER DATABASE ${name} SET TABLESPACE small`);
    }
    await using client = await server.connect(name);
    await using api = await testApi({ url: server.url(name), passwordFile: server.passwordFile });
    const [key, body] = [freshKey(), largeCsv(ROWS)];
    disk.fill(4);
    const { status, headers, json } = await postBatch(api.port, { body, key });
    expect([status, headers["retry-after"], json.type, json.detail]).toEqual([
      503,
      "60",
      "urn:rates:problem:database-full",
      "The disk of the database is full; nothing of the batch was taken. Send it again when there is room.",
    ]);
    const sql = "SELECT (SELECT count(*)::integer FROM batches) AS batches, max(day)::text AS day FROM daily_rates";
    expect((await client.query(sql)).rows).toEqual([{ batches: 0, day: "2021-01-31" }]);
    expect((await client.query("SELECT FROM raw_prices WHERE day >= '2041-01-01' LIMIT 1")).rowCount).toBe(0);
    disk.makeRoom();
    expect((await postBatch(api.port, { body, key })).status).toBe(201);
    expect((await client.query(DIFFERENCES_SQL)).rows).toEqual([{ count: 0 }]);
  });
});
