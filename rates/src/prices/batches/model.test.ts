import { resolve } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { buildService } from "../../../../infra/images/api/bundle";
import { type TestDatabase, testDatabase } from "../../../../tests/support/database";
import { atScale } from "../../../../tests/support/scale";
import { until } from "../../../../tests/support/until";
import { environmentFor } from "../../../testing/api";
import { csvOf, openBatch, postBatch } from "../../../testing/batches";
import { DIFFERENCES_SQL } from "../../../testing/rollup";
import { ServiceProcess } from "../../../testing/service-process";

const CODES = ["CNGGZ", "EETLL", "SEGOT", "NOOSL"];
const DAYS = ["2029-12-31", "2030-01-01", "2030-01-31", "2030-02-01"];

const price = fc.record({
  orig: fc.constantFrom(...CODES),
  dest: fc.constantFrom(...CODES),
  day: fc.constantFrom(...DAYS),
  price: fc.oneof(fc.nat(5_000), fc.constantFrom(0, 2_147_483_647)),
});

type Price = typeof price extends fc.Arbitrary<infer Value> ? Value : never;

const prices = fc.array(price, { minLength: 1, maxLength: 40 });

function stepOf<Kind extends string, Rest extends object>(
  kind: Kind,
  rest: { [Key in keyof Rest]: fc.Arbitrary<Rest[Key]> },
) {
  return fc.record({ kind: fc.constant(kind), ...rest }) as fc.Arbitrary<{ readonly kind: Kind } & Readonly<Rest>>;
}

/** What befalls a service: batches of every kind, and what breaks them off half way. */
const step = fc.oneof(
  { weight: 4, arbitrary: stepOf("sound", { prices }) },
  { weight: 2, arbitrary: stepOf("together", { all: fc.array(prices, { minLength: 2, maxLength: 4 }) }) },
  { weight: 2, arbitrary: stepOf("bad", { prices }) },
  { weight: 2, arbitrary: stepOf("again", { earlier: fc.nat(20) }) },
  { weight: 1, arbitrary: stepOf("hang-up", { prices, retries: fc.boolean() }) },
  { weight: 1, arbitrary: stepOf("session lost", { prices, retries: fc.boolean() }) },
  { weight: 1, arbitrary: stepOf("process killed", { prices, retries: fc.boolean() }) },
);

type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** A committed payload. */
interface Committed {
  readonly key: string;
  readonly body: string;
  readonly prices: readonly Price[];
}

/** What the database should hold of a list of payloads. */
function totalsOf(committed: readonly Committed[]): Record<string, string> {
  const sums = new Map<string, { count: number; sum: bigint }>();
  for (const { orig, dest, day, price } of committed.flatMap(({ prices }) => prices)) {
    const name = `${orig} ${dest} ${day}`;
    const { count, sum } = sums.get(name) ?? { count: 0, sum: 0n };
    sums.set(name, { count: count + 1, sum: sum + BigInt(price) });
  }
  return Object.fromEntries([...sums].map(([name, { count, sum }]) => [name, `${count} ${sum}`]));
}

const TOTALS_SQL = `
  SELECT orig_code || ' ' || dest_code || ' ' || to_char(day, 'YYYY-MM-DD') AS name, count || ' ' || sum AS totals
  FROM daily_rates JOIN lanes ON lanes.id = lane_id WHERE day >= '2029-12-01'`;

const AT_MERGE = "FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'";
const MERGE_LOCK = 6_604_001;

/** A service and the batches that it should have taken. */
class Trial implements AsyncDisposable {
  readonly #committed: Committed[] = [];
  #service: ServiceProcess | undefined;
  #port = 0;
  #keys = 0;

  constructor(
    private readonly database: TestDatabase,
    private readonly bundle: string,
  ) {}

  async start(): Promise<void> {
    this.#service = new ServiceProcess(this.bundle, environmentFor(this.database));
    this.#port = await this.#service.port();
  }

  async begin(): Promise<void> {
    this.#committed.splice(0);
    await this.database.query("DELETE FROM raw_prices WHERE day >= '2029-12-01'");
    await this.database.query("DELETE FROM lane_months WHERE month >= '2029-12-01'");
  }

  async take(step: Step): Promise<void> {
    if (step.kind === "again") await this.#sendAgain(step.earlier);
    else if (step.kind === "bad") await this.#sendBad(this.#payload(step.prices));
    else if (step.kind === "sound") await this.#send(this.#payload(step.prices));
    else if (step.kind === "together") await Promise.all(step.all.map((each) => this.#send(this.#payload(each))));
    else {
      const payload = this.#payload(step.prices);
      if (step.kind === "hang-up") await this.#hangUp(payload);
      else
        await this.#breakOff(payload, () => (step.kind === "session lost" ? this.#endSession() : this.#killProcess()));
      if (step.retries) await this.#send(payload);
    }
  }

  async expectRight(): Promise<void> {
    const rows = await this.database.query<{ name: string; totals: string }>(TOTALS_SQL);
    expect(Object.fromEntries(rows.map(({ name, totals }) => [name, totals]))).toEqual(totalsOf(this.#committed));
    expect(await this.database.query(DIFFERENCES_SQL)).toEqual([{ count: 0 }]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#service?.[Symbol.asyncDispose]();
  }

  #payload(prices: readonly Price[]): Committed {
    this.#keys += 1;
    const body = csvOf(prices.map(({ orig, dest, day, price }) => [orig, dest, day, price]));
    return { key: `model-${this.#keys}`, body, prices };
  }

  async #send(payload: Committed): Promise<void> {
    const { status, headers } = await postBatch(this.#port, payload);
    expect([status, headers["idempotent-replay"]]).toEqual([201, undefined]);
    this.#committed.push(payload);
  }

  async #sendBad({ key, body }: Committed): Promise<void> {
    const bad = `${body}CNGGZ,EETLL,2030-01-01,-1\n`;
    expect((await postBatch(this.#port, { key, body: bad })).status).toBe(422);
  }

  async #sendAgain(earlier: number): Promise<void> {
    const payload = this.#committed[earlier % this.#committed.length];
    if (payload === undefined) return;
    const { status, headers } = await postBatch(this.#port, payload);
    expect([status, headers["idempotent-replay"]]).toEqual([201, "true"]);
  }

  async #hangUp({ key, body }: Committed): Promise<void> {
    const batch = openBatch(this.#port, { key });
    await batch.write(body.slice(0, -1));
    await batch.cut();
    // While the service has not noticed, the key is taken.
    await until("the key to be free", async () => (await postBatch(this.#port, { key, body: "x" })).status !== 409);
  }

  /** Lets something happen to a batch that has done all its work but the merge. */
  async #breakOff({ key, body }: Committed, happen: () => Promise<void>): Promise<void> {
    await using locker = await this.database.connect();
    await locker.query("SELECT pg_advisory_lock($1)", [MERGE_LOCK]);
    const sent = postBatch(this.#port, { key, body }).then(
      ({ status }) => status,
      () => "cut",
    );
    await until("the merge", async () => (await this.database.query(`SELECT ${AT_MERGE}`)).length === 1);
    await happen();
    expect([503, "cut"]).toContain(await sent);
    await locker.query("SELECT pg_advisory_unlock($1)", [MERGE_LOCK]);
    const sessions =
      "SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = $1 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    await until("its session to end", async () => (await this.database.query(sessions, [MERGE_LOCK])).length === 0);
  }

  async #endSession(): Promise<void> {
    await this.database.query(`SELECT pg_terminate_backend(pid) ${AT_MERGE}`);
  }

  async #killProcess(): Promise<void> {
    this.#service?.signal("SIGKILL");
    await this.#service?.exit;
    await this.start();
  }
}

describe("any mix of sound, bad, repeated and simultaneous batches, of hang-ups, lost sessions and killed processes", () => {
  test("leaves the rollup equal to a model in memory and to the prices themselves", { timeout: 600_000 }, async () => {
    await using database = await testDatabase("migrated");
    const { file } = await buildService(resolve(__dirname, "../../../.."));
    await using trial = new Trial(database, file);
    await trial.start();
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
        await trial.begin();
        for (const step of steps) await trial.take(step);
        await trial.expectRight();
      }),
      { numRuns: atScale({ ci: 15, full: 300 }) },
    );
  });
});
