import { Agent, request } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import type { PushJson } from "rates/testing/events";
import { randomNumbers } from "../support/random";
import type { EventEntry } from "./events-entry";
import { pushFor } from "./events-full-rate";
import { CLIENTS, drawRequests, type EventRequest } from "./events-requests";
import { beWitness, type Record, type Task } from "./harness/record";

/** Longer than a request takes in an outage; a stopped service is given up, and its request sent again. */
const ANSWER_LIMIT_MS = 1_500;
/** A refused client comes back soon, for the sake of the test: it does not need the machine meanwhile. */
const PAUSE_MS = 10;

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** What a service that is whole answers to one of these clients when it cannot take its events now. */
const REFUSALS: ReadonlySet<number> = new Set([429, 503]);

class Client {
  readonly #agent = new Agent({ keepAlive: true });

  constructor(
    private readonly port: number,
    private readonly record: Record,
  ) {}

  async run(requests: readonly EventRequest[]): Promise<void> {
    for (const each of requests) {
      this.record.send({ client: each.client, amounts: each.amounts, what: "sent" } satisfies EventEntry);
      if (each.failsFirst) await this.#post(each, "?simulateFailure=true").catch(() => this.record.refuse());
      await Promise.all(Array.from({ length: each.abreast }, () => this.#push(each)));
      if (each.again) await this.#push(each);
    }
    this.#agent.destroy();
  }

  /** Sends a request until it is acknowledged and that is on disk. */
  async #push(each: EventRequest): Promise<void> {
    for (;;) {
      const entry = await this.#post(each).then(
        (answer) => acknowledgement(each, answer),
        () => undefined, // refused, reset, or given up
      );
      if (entry) return await this.record.acknowledge(entry);
      this.record.refuse();
      await delay(PAUSE_MS);
    }
  }

  #post({ body, headers }: EventRequest, query = ""): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const limit = AbortSignal.timeout(ANSWER_LIMIT_MS);
      const options = { host: "127.0.0.1", port: this.port, path: `/api/events${query}`, method: "POST", headers };
      request({ ...options, agent: this.#agent, signal: limit }, (response) => {
        text(response).then((answered) => resolve({ status: response.statusCode ?? 0, body: answered }), reject);
      })
        .on("error", reject)
        .end(body);
    });
  }
}

/** What an answer acknowledges; undefined where it is to be sent again. What nobody should answer ends the request, too. */
function acknowledgement({ client, amounts }: EventRequest, { status, body }: Answer): EventEntry | undefined {
  if (status === 202) return { client, amounts, what: "queued" };
  if (status === 200) {
    const { success, results }: PushJson = JSON.parse(body);
    if (success && results.every((result) => result.success)) return { client, amounts, what: "stored", results };
  }
  if (REFUSALS.has(status)) return undefined;
  return { client, amounts, what: "unexpected", answer: `${status} ${body}` };
}

async function pushAll({ seed, port }: Task, record: Record): Promise<void> {
  const random = randomNumbers(seed);
  const requests = Array.from({ length: CLIENTS }, (_, index) => drawRequests(`client-${index}`, random));
  await Promise.all(requests.map((each) => new Client(port, record).run(each)));
}

beWitness((task, record) => (task.forMs === undefined ? pushAll(task, record) : pushFor(task.forMs, task, record)));
