import { Agent } from "node:http";
import { pushEvents } from "rates/testing/events";
import type { EventEntry } from "./events-entry";
import type { Record, Task } from "./harness/record";

const CLIENTS = 16;
const EVENTS_PER_REQUEST = 10;
const TIME = Date.UTC(2024, 0, 15, 10);

/** Clients that send one request after another until the time is over, in ms, each once: none is to be refused. */
export async function pushFor(forMs: number, { seed, port }: Task, record: Record): Promise<void> {
  const end = performance.now() + forMs;
  const names = Array.from({ length: CLIENTS }, (_, index) => `client-${seed}-${index}`);
  await Promise.all(
    names.map(async (client) => {
      const agent = new Agent({ keepAlive: true });
      for (let first = 1; performance.now() < end; first += EVENTS_PER_REQUEST) {
        await record.acknowledge(await pushOnce(port, eventsOf(client, first), agent));
      }
      agent.destroy();
    }),
  );
}

function eventsOf(client: string, first: number) {
  return { client, amounts: Array.from({ length: EVENTS_PER_REQUEST }, (_, place) => first + place) };
}

async function pushOnce(port: number, events: ReturnType<typeof eventsOf>, agent: Agent): Promise<EventEntry> {
  const { client, amounts } = events;
  const sent = amounts.map((amount) => ({ source: client, metric: "view", amount, timestamp: TIME + amount }));
  const { status, body } = await pushEvents(port, sent, { agent });
  return status === 202
    ? { ...events, what: "queued" }
    : { ...events, what: "unexpected", answer: `${status} ${body}` };
}
