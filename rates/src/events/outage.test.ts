import { expect, test } from "vitest";
import { testServer } from "../../../tests/support/server";
import { until } from "../../../tests/support/until";
import { testApi } from "../../testing/api";
import { EVENT_DIFFERENCES_SQL, pushEvents } from "../../testing/events";

const CLIENTS = 8;
const KILLS = 3;
/** Acknowledged events between two kills. */
const BETWEEN = 60;

test("a database that is killed again and again under load costs no acknowledged event, and none is counted twice", {
  timeout: 120_000,
}, async () => {
  await using server = await testServer();
  const database = await server.createDatabase("migrated");
  await using api = await testApi({ url: server.url(database), passwordFile: server.passwordFile });
  const acknowledged: { client: string; amount: number; eventId: string }[] = [];
  let [isOver, refused] = [false, 0];
  /** Sends each event until it is acknowledged, as a client with patience does. */
  async function push(client: string): Promise<void> {
    for (let amount = 1; !isOver; amount += 1) {
      const event = { source: client, metric: "m", amount, ts: "2024-05-01T00:00:00Z" };
      const result = await until(`${client} ${amount}`, async () => {
        const { status, json } = await pushEvents(api.port, event);
        refused += status === 503 ? 1 : 0;
        return status === 200 && json.results[0];
      });
      acknowledged.push({ client, amount, eventId: result.eventId });
    }
  }
  const clients = Array.from({ length: CLIENTS }, (_, index) => push(`client-${index}`));
  for (let kills = 0; kills < KILLS; kills += 1) {
    const seen = acknowledged.length;
    await until("more events", async () => acknowledged.length >= seen + BETWEEN);
    await server.kill();
    await until("a refusal", async () => refused > kills);
    await server.start();
  }
  const seen = acknowledged.length;
  await until("more events", async () => acknowledged.length >= seen + BETWEEN);
  isOver = true;
  await Promise.all(clients);

  await using client = await server.connect(database);
  const { rows } = await client.query('SELECT client_id AS client, amount::integer, id AS "eventId" FROM events');
  const sorted = (events: readonly { eventId: string }[]) =>
    events.toSorted((one, other) => (one.eventId < other.eventId ? -1 : 1));
  expect(sorted(rows)).toEqual(sorted(acknowledged));
  expect((await client.query(EVENT_DIFFERENCES_SQL)).rows).toEqual([]);
});
