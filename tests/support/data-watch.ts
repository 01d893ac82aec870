import { setTimeout as delay } from "node:timers/promises";
import type { Connection } from "infra/copies/connection";

/** One look takes some 50 ms of a core; with this pause the batches have the rest. */
const PAUSE_MS = 200;

/** All that a batch changes, as one statement sees it. */
const CONTENTS_SQL = `
  SELECT concat_ws(' ', raw.rows, raw.sum, rollup.rows, rollup.sum, ledger.rows, version) AS contents
  FROM (SELECT count(*) AS rows, sum(price) AS sum FROM raw_prices) AS raw,
    (SELECT sum(count) AS rows, sum(sum) AS sum FROM daily_rates) AS rollup,
    (SELECT count(*) AS rows FROM batches) AS ledger, data_version`;

/** Looks at the data again and again and notes whatever differs from the first look; `await using` ends it. */
export class DataWatch implements AsyncDisposable {
  /** What was seen and should not have been. */
  readonly differences: string[] = [];
  looks = 0;
  #connection: Connection | undefined;
  #ends = false;
  readonly #watching: Promise<void>;

  private constructor(
    private readonly connect: () => Promise<Connection>,
    private readonly expected: string,
  ) {
    this.#watching = this.#watch();
  }

  /** Takes the present contents for what is to be seen. */
  static async begin(connect: () => Promise<Connection>): Promise<DataWatch> {
    await using client = await connect();
    return new DataWatch(connect, await contentsOf(client));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ends = true;
    await this.#watching;
    await this.#connection?.[Symbol.asyncDispose]();
  }

  async #watch(): Promise<void> {
    while (!this.#ends) {
      await this.#look().catch(async () => {
        // The server is being killed under it; the number of looks shows that most came through.
        await this.#connection?.end().catch(() => {});
        this.#connection = undefined;
      });
      await delay(PAUSE_MS);
    }
  }

  async #look(): Promise<void> {
    this.#connection ??= await this.connect();
    const found = await contentsOf(this.#connection);
    this.looks += 1;
    if (found !== this.expected) this.differences.push(found);
  }
}

async function contentsOf(client: Connection): Promise<string> {
  const { rows } = await client.query<{ contents: string }>(CONTENTS_SQL);
  return rows[0]?.contents ?? "";
}
