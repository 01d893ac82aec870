import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestServer, testServer } from "../../../../tests/support/server";
import { tcpProxy } from "../../../../tests/support/tcp-proxy";
import { until } from "../../../../tests/support/until";
import { each, IN_ORDER, testQueue } from "../../../testing/queue";
import { explanationOf } from "../explanation";
import { QueueUnavailable } from "./failure";

/** Short enough for a test to wait for, long enough for a busy machine; a rest of no length is always probed. */
const limits = {
  DATABASE_CONNECT_TIMEOUT_MS: "1000",
  DATABASE_QUERY_TIMEOUT_MS: "1000",
  DATABASE_PROBE_AFTER_MS: "0",
};

let server: TestServer;

beforeAll(async () => {
  server = await testServer();
});

afterAll(() => server?.[Symbol.asyncDispose]());

async function access({ port = server.port } = {}) {
  const name = await server.createDatabase("empty");
  return { url: `postgres://${server.user}@127.0.0.1:${port}/${name}`, passwordFile: server.passwordFile };
}

interface Publishing {
  /** Numbers that were acknowledged. */
  readonly acknowledged: readonly number[];
  readonly refused: readonly unknown[];
  end(): Promise<void>;
}

/** Publishes 1, 2, 3 ... one after the other, as fast as they are acknowledged. */
function publish(queue: ReturnType<typeof testQueue>): Publishing {
  const control = { ends: false };
  const [acknowledged, refused]: [number[], unknown[]] = [[], []];
  const running = (async () => {
    for (let n = 1; !control.ends; n += 1) {
      await queue.publish(IN_ORDER, n).then(
        () => acknowledged.push(n),
        (error: unknown) => refused.push(error),
      );
    }
  })();
  const end = async () => {
    control.ends = true;
    await running;
  };
  return { acknowledged, refused, end };
}

function remember(seen: number[]) {
  return each<number>((n) => void seen.push(n));
}

/** Breaks the queue's server in mid-traffic, mends it, and looks at what became of the messages. */
async function survive(queue: ReturnType<typeof testQueue>, outage: () => Promise<void>, mend: () => Promise<void>) {
  const seen: number[] = [];
  queue.consume(IN_ORDER, remember(seen), { together: 100 });
  const publishing = publish(queue);
  await until("traffic", async () => publishing.acknowledged.length > 20 && seen.length > 5);
  await outage();
  await until("a refusal", async () => publishing.refused.length > 0);
  const before = publishing.acknowledged.length;
  await mend();
  await until("publishing to go on", async () => publishing.acknowledged.length > before + 20);
  await publishing.end();
  const last = publishing.acknowledged.at(-1);
  await until("the last message", async () => seen.includes(last ?? 0));
  return { seen, ...publishing };
}

/** At least once and in order; a message whose publishing was not confirmed may be there too. */
function expectNothingLost({ seen, acknowledged, refused }: Awaited<ReturnType<typeof survive>>): void {
  const handedOut = new Set(seen);
  expect(acknowledged.filter((n) => !handedOut.has(n))).toEqual([]);
  const firsts = [...handedOut];
  expect(firsts).toEqual([...firsts].sort((a, b) => a - b));
  for (const error of refused) expect(error).toBeInstanceOf(QueueUnavailable);
}

/** A server that is killed while it hands out a message keeps it for a lease. */
const LIMIT_MS = 90_000;

const TITLE = "while its server is away, publishing is refused by name; then all that was acknowledged comes, in order";

describe(TITLE, { timeout: LIMIT_MS }, () => {
  test("when it is killed and started again", async () => {
    await using queue = testQueue(await access(), limits);
    const survived = await survive(
      queue,
      () => server.kill(),
      () => server.start(),
    );
    expectNothingLost(survived);
  });

  test("when it is killed under a consumer that waits, which says so once", async () => {
    await using queue = testQueue(await access(), limits);
    const seen: number[] = [];
    queue.consume(IN_ORDER, remember(seen), { together: 100 });
    await queue.publish(IN_ORDER, 1);
    await until("the first message to be done", async () => {
      const [found] = await queue.statistics();
      return seen.length === 1 && found?.waiting === 0 && found.running === 0;
    });
    await server.kill();
    const told = () => queue.troubles.filter((line) => line.includes("not consuming"));
    await until("a word of the consumer", async () => told().length > 0);
    await server.start();
    await until("the queue", () => queue.publish(IN_ORDER, 2).then(() => true));
    await until("the second message", async () => seen.includes(2));
    expect(told()).toHaveLength(1);
  });

  test("when it is stopped in order and started again", async () => {
    await using queue = testQueue(await access(), limits);
    expectNothingLost(
      await survive(
        queue,
        () => server.stop(),
        () => server.start(),
      ),
    );
  });

  test("when it is frozen and thawed, within the limits", async () => {
    await using queue = testQueue(await access(), limits);
    try {
      const survived = await survive(
        queue,
        async () => server.pause(),
        async () => server.resume(),
      );
      expectNothingLost(survived);
      expect(survived.refused.map(explanationOf)).toContainEqual(expect.stringMatching(/within \d+ ms/));
    } finally {
      server.resume();
    }
  });

  test("when connections to it are cut without a word and no new one is to be had", async () => {
    await using proxy = await tcpProxy(server.port);
    await using queue = testQueue(await access({ port: proxy.port }), limits);
    const survived = await survive(
      queue,
      async () => {
        await proxy.refuse();
        proxy.blackhole();
      },
      () => proxy.accept(),
    );
    expectNothingLost(survived);
  });

  test("when they are reset, again and again, nothing but a repetition is seen of it", async () => {
    await using proxy = await tcpProxy(server.port);
    await using queue = testQueue(await access({ port: proxy.port }), limits);
    const seen: number[] = [];
    queue.consume(IN_ORDER, remember(seen), { together: 100 });
    const publishing = publish(queue);
    for (let round = 1; round <= 5; round += 1) {
      const before = publishing.acknowledged.length;
      proxy.reset();
      await until("traffic", async () => publishing.acknowledged.length > before + 10);
    }
    await publishing.end();
    await until("all", async () => publishing.acknowledged.every((n) => seen.includes(n)));
  });
});

test("that was never there: publishing is refused, stopping and closing wait for nothing", async () => {
  const { passwordFile } = server;
  const queue = testQueue({ url: "postgres://rates@127.0.0.1:1/none", passwordFile }, limits);
  queue.consume(IN_ORDER, async () => {});
  await expect(queue.publish(IN_ORDER, 1)).rejects.toThrow(
    expect.objectContaining({ name: "QueueUnavailable", message: "The queue cannot be reached." }),
  );
  await queue[Symbol.asyncDispose]();
});

test("that holds another copy's messages is refused by name", async () => {
  await using queue = testQueue(await access(), { ...limits, COPY_ID: "mine" });
  await expect(queue.publish(IN_ORDER, 1)).rejects.toThrow("The queue belongs to another copy.");
});
