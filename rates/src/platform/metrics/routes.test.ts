import { describe, expect, test } from "vitest";
import { testDatabase } from "../../../../tests/support/database";
import { testApi } from "../../../testing/api";
import { ask } from "../../../testing/http";

describe("GET /metrics", () => {
  test("/metrics counts requests by route, method and status, and shows the pool and what is deployed", async () => {
    await using database = await testDatabase("migrated");
    await using api = await testApi(database, { REVISION: "r7" });
    await ask(api.port, "/ready");
    await ask(api.port, "/rates");
    await ask(api.port, "/a");
    await ask(api.port, "/b");
    const { status, headers, body } = await ask(api.port, "/metrics");
    expect([status, headers["content-type"]]).toEqual([200, "text/plain; version=0.0.4; charset=utf-8"]);
    for (const line of [
      'http_request_duration_seconds_count{method="GET",route="/ready",status="200"} 1',
      'http_request_duration_seconds_count{method="GET",route="/rates",status="400"} 1',
      'http_request_duration_seconds_count{method="GET",route="unknown",status="404"} 2',
      'database_pool_connections{state="total"} 1',
      'database_pool_connections{state="idle"} 1',
      'database_pool_connections{state="waiting"} 0',
      `build_info{revision="r7",node="${process.version}"} 1`,
    ]) {
      expect(body.split("\n")).toContain(line);
    }
    expect(body).toMatch(/^process_cpu_seconds_total /m);
  });
});
