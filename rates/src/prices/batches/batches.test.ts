import { randomBytes } from "node:crypto";
import { request } from "node:http";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "../../../../tests/support/database";
import { type TestApi, testApi } from "../../../testing/api";
import { CSV_HEADER, csvOf, freshKey, postBatch, sha256 } from "../../../testing/batches";
import { ask } from "../../../testing/http";
import { DIFFERENCES_SQL } from "../../../testing/rollup";

let database: TestDatabase;
let api: TestApi;

beforeAll(async () => {
  database = await testDatabase("migrated");
  api = await testApi(database);
});

afterAll(async () => {
  await api?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

interface Price {
  readonly orig_code: string;
  readonly dest_code: string;
  readonly day: string;
  readonly price: number;
}

/** The prices of a batch, in the order in which they lie in the table. */
function pricesOf(batchId: number): Promise<Price[]> {
  return database.query<Price & Record<string, unknown>>(
    `SELECT orig_code, dest_code, to_char(day, 'YYYY-MM-DD') AS day, price
     FROM raw_prices JOIN lanes ON lanes.id = lane_id WHERE batch_id = $1 ORDER BY raw_prices.ctid`,
    [batchId],
  );
}

async function differences(): Promise<number | undefined> {
  return (await database.query<{ count: number }>(DIFFERENCES_SQL))[0]?.count;
}

const first: Price = { orig_code: "CNGGZ", dest_code: "EETLL", day: "2022-02-28", price: 0 };
const second: Price = { orig_code: "EETLL", dest_code: "CNGGZ", day: "2024-02-29", price: 2_147_483_647 };

describe("POST /batches", () => {
  test("takes a batch whole: 201 with id, rows, checksum and time, and the version of the data it is in", async () => {
    const body = csvOf([
      ["CNGGZ", "EETLL", "2030-01-01", 100],
      ["CNGGZ", "EETLL", "2030-01-01", 200],
      ["CNGGZ", "EETLL", "2030-01-01", 600],
    ]);
    const { status, headers, json } = await postBatch(api.port, { body });
    expect([status, Object.keys(json)]).toEqual([201, ["batch_id", "rows", "checksum", "committed_at"]]);
    expect(json).toMatchObject({ rows: 3, checksum: sha256(body) });
    expect(Math.abs(Date.parse(json.committed_at) - Date.now())).toBeLessThan(60_000);
    expect(headers["location"]).toBe(`/batches/${json.batch_id}`);
    const [row] = await database.query<{ version: string }>("SELECT version::text FROM data_version");
    expect(headers["x-data-version"]).toBe(row?.version);
    const path = "/rates?date_from=2030-01-01&date_to=2030-01-01&orig_code=CNGGZ&dest_code=EETLL";
    const rates = await ask(api.port, path, { headers: { "X-Data-Version": String(headers["x-data-version"]) } });
    expect(JSON.parse(rates.body)).toEqual({ rates: [{ count: 3, day: "2030-01-01", price: 300 }] });
    expect(await differences()).toBe(0);
  });

  const lines = (rows: readonly object[], end: string) => rows.map((row) => JSON.stringify(row) + end).join("");
  const csv = (rows: readonly Price[], end = "\n") =>
    [
      CSV_HEADER,
      ...rows.map(({ orig_code, dest_code, day, price }) => `${orig_code},${dest_code},${day},${price}`),
    ].join(end) + end;

  describe("reads the same rows out of", () => {
    test.each<[string, string, string | Buffer, Record<string, string>?]>([
      ["CSV", "text/csv", csv([first, second])],
      ["CSV with a charset", "Text/CSV; header=present; charset=UTF-8", csv([first, second])],
      ["CSV with CR LF", "text/csv", csv([first, second], "\r\n")],
      ["CSV without a last line end", "text/csv", csv([first, second]).trimEnd()],
      ["CSV with a byte order mark", "text/csv", `\ufeff${csv([first, second])}`],
      ["CSV with empty lines", "text/csv", `${csv([first, second], "\n\n")}\r\n\n`],
      ["CSV with quotes", "text/csv", csv([first, second]).replaceAll(/[^,\n]+/g, '"$&"')],
      ["CSV with a quoted header", "text/csv", csv([first, second]).replace("day", '"day"')],
      [
        "CSV with columns in another order",
        "text/csv",
        "price,day,dest_code,orig_code\n0,2022-02-28,EETLL,CNGGZ\n2147483647,2024-02-29,CNGGZ,EETLL\n",
      ],
      ["CSV with leading zeros", "text/csv", csv([first, second]).replace(",0\n", ",00000000000000\n")],
      ["lines of JSON", "application/x-ndjson", lines([first, second], "\n")],
      ["lines of JSON with CR LF and empty ones", "application/x-ndjson", lines([first, second], " \r\n\r\n\n")],
      ["lines of JSON without a last line end", "application/x-ndjson", lines([first, second], "\n").trimEnd()],
      ["an array", "application/json", JSON.stringify([first, second])],
      ["an array with spaces", "application/json", `\ufeff \n${JSON.stringify([first, second], null, "\t")}\r\n`],
      [
        "an array with keys in another order",
        "application/json",
        JSON.stringify([first, second].map((row) => Object.fromEntries(Object.entries(row).reverse()))),
      ],
      [
        "an array with escapes",
        "application/json",
        JSON.stringify([first, second]).replaceAll("CNGGZ", "\\u0043NGGZ").replaceAll("price", "\\u0070rice"),
      ],
      ["gzip", "text/csv", gzipSync(csv([first, second])), { "Content-Encoding": "gzip" }],
      [
        "gzip in two members",
        "text/csv",
        Buffer.concat([gzipSync(csv([first])), gzipSync(csv([second]).slice(CSV_HEADER.length + 1))]),
        { "Content-Encoding": "GZIP" },
      ],
      [
        "lines of JSON in gzip",
        "application/x-ndjson",
        gzipSync(lines([first, second], "\n")),
        { "Content-Encoding": "gzip" },
      ],
    ])("%s", async (_name, type, body, headers = {}) => {
      const { status, json } = await postBatch(api.port, { type, body, headers });
      expect([status, json.rows], JSON.stringify(json)).toEqual([201, 2]);
      expect(await pricesOf(json.batch_id)).toEqual([first, second]);
    });
  });

  describe("takes rows that are cut anywhere between two pieces of the body", () => {
    const rows = [first, { ...second, price: 1234 }];
    const marked = (text: string) => Buffer.from(`\ufeff${text}`);
    test.each<[string, string, Buffer]>([
      ["CSV", "text/csv", marked(csv(rows, "\r\n").replace("CNGGZ", '"CNGGZ"'))],
      ["lines of JSON", "application/x-ndjson", marked(lines(rows, "\r\n"))],
      ["an array", "application/json", marked(JSON.stringify(rows, null, 1).replace("CNGGZ", "\\u0043NGGZ"))],
    ])("%s", async (_name, type, body) => {
      for (let at = 1; at < body.length; at += 1) {
        const { status, json } = await postInPieces([body.subarray(0, at), body.subarray(at)], type);
        expect([status, json.rows, json.checksum], `cut at ${at}: ${JSON.stringify(json)}`).toEqual([
          201,
          2,
          sha256(body),
        ]);
        expect(await pricesOf(json.batch_id)).toEqual(rows);
      }
    });

    test("also byte by byte", async () => {
      const body = marked(csv(rows));
      const pieces = Array.from(body, (byte) => Buffer.from([byte]));
      expect((await postInPieces(pieces, "text/csv")).json).toMatchObject({ rows: 2, checksum: sha256(body) });
    });
  });

  test("a batch of many chunks goes through a spool file and is as exact as a small one", async () => {
    const body = largeCsv(400_000);
    const { status, json } = await postBatch(api.port, { body });
    expect([status, json.rows, json.checksum], JSON.stringify(json)).toEqual([201, 400_000, sha256(body)]);
    const [row] = await database.query(
      "SELECT count(*)::integer AS rows, sum(price)::text AS sum FROM raw_prices WHERE batch_id = $1",
      [json.batch_id],
    );
    expect(row).toEqual({ rows: 400_000, sum: String((400_000 * 399_999) / 2) });
    expect(await differences()).toBe(0);
  });

  test("sums beyond what 32 bits hold are exact", async () => {
    const most = "CNGGZ,EETLL,2031-01-01,2147483647\n";
    const body = `${CSV_HEADER}\n${most.repeat(300_000)}`;
    for (let sent = 0; sent < 2; sent += 1) expect((await postBatch(api.port, { body })).status).toBe(201);
    const [row] = await database.query("SELECT count, sum::text FROM daily_rates WHERE day = '2031-01-01'");
    expect(row).toEqual({ count: 600_000, sum: String(600_000n * 2_147_483_647n) });
  });

  test("days of ten thousand years in one batch lie in their own months", async () => {
    const days = [
      "0001-01-01",
      "0004-02-29",
      "1582-10-10",
      "1999-12-31",
      "2000-01-01",
      "2000-02-29",
      "2100-03-01",
      "9999-12-31",
    ];
    const { json } = await postBatch(api.port, { body: csv(days.map((day) => ({ ...first, day }))) });
    expect((await pricesOf(json.batch_id)).map(({ day }) => day)).toEqual(days);
    expect(await differences()).toBe(0);
  });

  test("lanes that were never seen are made, once, also by batches at the same time", async () => {
    const codes = await database.query<{ code: string }>("SELECT code FROM ports ORDER BY code LIMIT 12");
    const rows = codes.flatMap(({ code: orig }) => codes.map(({ code: dest }) => [orig, dest, "2032-01-01", 5]));
    const answers = await Promise.all(
      [rows, rows.toReversed(), rows].map((each) => postBatch(api.port, { body: csvOf(each) })),
    );
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
    const [found] = await database.query(
      "SELECT count(*)::integer AS lanes, sum(count)::integer AS prices FROM daily_rates WHERE day = '2032-01-01'",
    );
    expect(found).toEqual({ lanes: 144, prices: 432 });
  });

  describe("an idempotency key is bound by a commit, and by nothing else", () => {
    const body = csvOf([["CNGGZ", "EETLL", "2033-01-01", 1]]);

    test("the same payload again is the same answer, marked as a replay, and nothing more is taken", async () => {
      const key = freshKey();
      const once = await postBatch(api.port, { body, key });
      const again = await postBatch(api.port, { body: gzipSync(body), key, headers: { "Content-Encoding": "gzip" } });
      expect([again.status, again.body]).toEqual([201, once.body]);
      expect([once.headers["idempotent-replay"], again.headers["idempotent-replay"]]).toEqual([undefined, "true"]);
      expect(again.headers["x-data-version"]).toBe(once.headers["x-data-version"]);
      expect(await pricesOf(once.json.batch_id)).toHaveLength(1);
    });

    test("another payload under the same key is a 422", async () => {
      const key = freshKey();
      await postBatch(api.port, { body, key });
      const other = await postBatch(api.port, { body: body.replace(",1\n", ",2\n"), key });
      expect([other.status, other.json.type]).toEqual([422, "urn:rates:problem:idempotency-key-reused"]);
    });

    test("a refused payload leaves its key free", async () => {
      const key = freshKey();
      expect((await postBatch(api.port, { body: `${body}x`, key })).status).toBe(422);
      expect((await postBatch(api.port, { body, key })).status).toBe(201);
    });

    test("without a key the answer is 400", async () => {
      const { status, body: text } = await ask(api.port, "/batches", {
        method: "POST",
        headers: { "Content-Type": "text/csv" },
        body,
      });
      expect([status, JSON.parse(text).errors]).toEqual([
        400,
        [{ field: "Idempotency-Key", value: null, reason: "is required" }],
      ]);
    });

    test("64 clients with one key at once: one batch, and everybody gets its answer or is told that it runs", async () => {
      const key = freshKey();
      const answers = await Promise.all(Array.from({ length: 64 }, () => postBatch(api.port, { body, key })));
      const taken = answers.filter(({ status }) => status === 201);
      expect(new Set(taken.map((answer) => answer.body)).size).toBe(1);
      expect(taken.filter(({ headers }) => headers["idempotent-replay"] === undefined)).toHaveLength(1);
      expect(
        answers
          .filter(({ status }) => status !== 201)
          .every(({ status, headers }) => status === 409 && headers["retry-after"] === "1"),
      ).toBe(true);
      const [row] = await database.query("SELECT count(*)::integer AS count FROM batches WHERE idempotency_key = $1", [
        key,
      ]);
      expect(row).toEqual({ count: 1 });
    });

    test("two processes with one key at once: one batch, the other answers with it", async () => {
      await using other = await testApi(database);
      for (let round = 0; round < 10; round += 1) {
        const key = freshKey();
        const answers = await Promise.all([api, other].map(({ port }) => postBatch(port, { body, key })));
        expect(answers.map(({ status }) => status)).toEqual([201, 201]);
        expect(answers[0]?.body).toBe(answers[1]?.body);
        expect(answers.filter(({ headers }) => headers["idempotent-replay"] === "true")).toHaveLength(1);
      }
    });

    test("two processes with one key and two payloads at once: one batch, the other is a 422", async () => {
      await using other = await testApi(database);
      const key = freshKey();
      const answers = await Promise.all(
        [api, other].map(({ port }) => postBatch(port, { body: body.replace(",1\n", `,${port}\n`), key })),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([201, 422]);
    });
  });

  test("a matching digest of what is sent is accepted", async () => {
    const body = gzipSync(csvOf([["CNGGZ", "EETLL", "2034-01-01", 1]]));
    const digest = `sha-512=:AAAA:, sha-256=:${Buffer.from(sha256(body), "hex").toString("base64")}:`;
    const headers = { "Content-Encoding": "gzip", "Content-Digest": digest, "Repr-Digest": digest };
    expect((await postBatch(api.port, { body, headers })).status).toBe(201);
  });

  test("8 overlapping batches at once on the same lanes and days are all taken, and the sums are right", async () => {
    const rows = Array.from({ length: 3_000 }, (_, index) => [
      "CNGGZ",
      index % 2 ? "EETLL" : "SEGOT",
      `2035-${index % 3 ? "01" : "02"}-${String((index % 28) + 1).padStart(2, "0")}`,
      index,
    ]);
    const bodies = Array.from({ length: 8 }, (_, index) => csvOf(index % 2 ? rows : rows.toReversed()));
    const answers = await Promise.all(bodies.map((body) => postBatch(api.port, { body })));
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(201));
    const [row] = await database.query(
      "SELECT sum(count)::integer AS rows, sum(sum)::text AS sum FROM daily_rates WHERE day BETWEEN '2035-01-01' AND '2035-12-31'",
    );
    expect(row).toEqual({ rows: 24_000, sum: String(8 * ((3_000 * 2_999) / 2)) });
    expect(await differences()).toBe(0);
  });

  test("more batches at once than the limit are a 429 that says when to come back", async () => {
    await using small = await testApi(database, { BATCH_MAX_CONCURRENT: "1" });
    const open = openPost(small.port);
    open.write(`${CSV_HEADER}\n`);
    await expect
      .poll(async () => {
        const { status, headers, json } = await postBatch(small.port, {
          body: csvOf([["CNGGZ", "EETLL", "2036-01-01", 1]]),
        });
        return [status, headers["retry-after"], json.detail];
      })
      .toEqual([429, "1", "At most 1 batches are taken at once (BATCH_MAX_CONCURRENT); send this one later."]);
    open.end("CNGGZ,EETLL,2036-01-01,1\n");
    expect(await statusOf(open)).toBe(201);
  });

  test("a batch that does not arrive in time is a 408, and a batch that waits too long for the database a 503", async () => {
    await using hasty = await testApi(database, { BATCH_TIMEOUT_MS: "700" });
    const open = openPost(hasty.port);
    open.write(`${CSV_HEADER}\n`);
    expect(await statusOf(open)).toBe(408);
    await using locker = await database.connect();
    await locker.query("BEGIN; LOCK TABLE lane_months");
    const late = await postBatch(hasty.port, { body: csvOf([["CNGGZ", "EETLL", "2037-01-01", 1]]) });
    expect([late.status, late.json.type]).toEqual([503, "urn:rates:problem:batch-timeout"]);
    await locker.query("ROLLBACK");
    expect(await database.query("SELECT FROM daily_rates WHERE day = '2037-01-01'")).toEqual([]);
  });

  test("a client that hangs up half way leaves nothing and frees its key and its place", async () => {
    await using small = await testApi(database, { BATCH_MAX_CONCURRENT: "1" });
    const key = freshKey();
    const open = openPost(small.port, key);
    open.on("error", () => {});
    open.write(largeCsv(200_000));
    await expect.poll(async () => (await postBatch(small.port, { body: "x", key })).status).toBe(409);
    open.destroy();
    await expect
      .poll(
        async () => (await postBatch(small.port, { body: csvOf([["CNGGZ", "EETLL", "2038-01-01", 1]]), key })).status,
      )
      .toBe(201);
    expect(await differences()).toBe(0);
  });

  test("a spool folder that is not there is a 503 that names the setting, for large batches only", async () => {
    await using lost = await testApi(database, { SPOOL_DIR: "/nowhere/at/all" });
    const { status, json } = await postBatch(lost.port, { body: largeCsv(150_000) });
    expect([status, json.type, json.detail]).toEqual([
      503,
      "urn:rates:problem:spool-unavailable",
      expect.stringContaining("SPOOL_DIR"),
    ]);
    expect((await postBatch(lost.port, { body: csvOf([["CNGGZ", "EETLL", "2039-01-01", 1]]) })).status).toBe(201);
  });

  test("a table of lanes that was made anew is noticed: no price goes to the lane of an old id", async () => {
    await using own = await testDatabase("migrated");
    await using service = await testApi(own);
    const body = csvOf([["CNGGZ", "EETLL", "2040-01-01", 7]]);
    expect((await postBatch(service.port, { body })).status).toBe(201);
    await own.query(
      "TRUNCATE lanes, raw_prices, lane_months; INSERT INTO lanes (id, orig_code, dest_code) SELECT 1000000 - id, 'EETLL', code FROM (SELECT row_number() OVER () AS id, code FROM ports) p",
    );
    expect((await postBatch(service.port, { body })).status).toBe(201);
    expect(await own.query("SELECT orig_code, dest_code, price FROM prices")).toEqual([
      { orig_code: "CNGGZ", dest_code: "EETLL", price: 7 },
    ]);
  });

  function openPost(port: number, key = freshKey()) {
    const headers = { "Content-Type": "text/csv", "Idempotency-Key": key };
    return request({ host: "127.0.0.1", port, path: "/batches", method: "POST", headers, agent: false });
  }

  function statusOf(sent: ReturnType<typeof openPost>): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      sent.once("response", (response) => resolve(response.resume().statusCode)).once("error", reject);
    });
  }

  /** Sends every piece alone: each is in a chunk of its own, and is flushed before the next. */
  async function postInPieces(pieces: readonly Buffer[], type: string) {
    const headers = { "Content-Type": type, "Idempotency-Key": freshKey() };
    const sent = request({
      host: "127.0.0.1",
      port: api.port,
      path: "/batches",
      method: "POST",
      headers,
      agent: false,
    });
    sent.setNoDelay(true);
    for (const piece of pieces) {
      await new Promise<void>((resolve) => sent.write(piece, () => resolve()));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const answered = new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
      sent.once("error", reject).once("response", (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part: string) => (text += part));
        response.once("end", () => resolve({ status: response.statusCode, text }));
      });
    });
    sent.end();
    const { status, text } = await answered;
    return { status, json: JSON.parse(text) };
  }
});

/** Rows over 140 lanes and three months, with prices from 0 on. */
function largeCsv(rows: number): string {
  const dests = ["EETLL", "SEGOT", "NOOSL", "FIHEL", "DKCPH"];
  const lines = Array.from({ length: rows }, (_, row) => {
    const day = `2041-0${(row % 3) + 1}-${String((row % 28) + 1).padStart(2, "0")}`;
    return `CNGGZ,${row % 2 ? "EETLL" : dests[0]},${day},${row}`;
  });
  return `${CSV_HEADER}\n${lines.join("\n")}\n`;
}

describe("GET /batches", () => {
  test("lists committed batches, the newest first, page by page", async () => {
    const ids = [];
    for (let index = 0; index < 3; index += 1) {
      const { json } = await postBatch(api.port, {
        body: csvOf([["CNGGZ", "EETLL", "2042-01-01", index]]),
        key: `page-${randomBytes(4).toString("hex")}`,
      });
      ids.unshift(json.batch_id);
    }
    const page = JSON.parse((await ask(api.port, "/batches?limit=2")).body).batches;
    expect(page.map(({ batch_id }: { batch_id: number }) => batch_id)).toEqual(ids.slice(0, 2));
    const [next] = JSON.parse((await ask(api.port, `/batches?limit=1&before=${ids[1]}`)).body).batches;
    expect(next).toEqual({
      batch_id: ids[2],
      rows: 1,
      checksum: expect.stringMatching(/^[0-9a-f]{64}$/),
      committed_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
      idempotency_key: expect.stringMatching(/^page-/),
      data_version: expect.any(Number),
    });
    expect(JSON.parse((await ask(api.port, `/batches/${ids[2]}`)).body)).toEqual(next);
  });

  test.each([
    ["/batches/999999999", 404, "There is no batch 999999999."],
    ["/batches/first", 400, "The request is not valid: see id."],
    ["/batches?limit=0", 400, "The request is not valid: see limit."],
    ["/batches?limit=1001", 400, "The request is not valid: see limit."],
    ["/batches?before=-1", 400, "The request is not valid: see before."],
    ["/batches?order=up", 400, "The request is not valid: see order."],
  ])("%s is a %i", async (path, status, detail) => {
    const answer = await ask(api.port, path);
    expect([answer.status, JSON.parse(answer.body).detail]).toEqual([status, detail]);
  });
});
