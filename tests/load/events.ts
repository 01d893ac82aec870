import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { findCheckout } from "infra/copies/checkout";
import { buildService } from "infra/images/api/bundle";
import type { Client } from "pg";
import { eventColumns } from "rates/src/events/event-columns";
import { EventIds } from "rates/src/events/event-id";
import { DEFAULT_FIELDS } from "rates/src/events/fields";
import { normaliser } from "rates/src/events/normalise";
import { rawEventsOf } from "rates/src/events/raw-events";
import { INSERT_EVENTS_SQL } from "rates/src/events/store-statements";
import { environmentFor } from "rates/testing/api";
import { temporaryFolder } from "../support/folder";
import { type TestServer, testServer } from "../support/server";
import { fileProcess } from "./file-process";
import { type Paired, paired, rateCell, ratioCell, timed } from "./paired";

/** Durable, and with the memory that a server of this size is usually given. */
const SERVER = { fsync: "on", synchronous_commit: "on", shared_buffers: "1GB", max_wal_size: "8GB" };

const CLIENTS = 64;
const COMMITTERS = 16;
const METRICS = ["click", "purchase", "view", "refund"];

const SHAPES = [
  { perRequest: 1, events: 20_000, what: "single events of 64 clients" },
  { perRequest: 100, events: 100_000, what: "arrays of 100 of 64 clients" },
];
/** Enough for some seconds: each is a wait for the disk. */
const COMMITTED = 2_000;
const PAIRS = 5;

/**
 * Pushed events over HTTP into durable commits against one commit per event on 16 connections with the same statement,
 * which writes the same table and rollup; each into empty tables.
 * @returns rows of a table
 */
export async function measureEvents(pairs = PAIRS): Promise<string[][]> {
  await using server = await testServer(SERVER);
  const database = await server.createDatabase("migrated");
  await using admin = await server.connect(database);
  const { file } = await buildService(findCheckout().root);
  const access = { url: server.url(database), passwordFile: server.passwordFile };
  using folder = temporaryFolder();
  await using service = await fileProcess([file, "api"], {
    env: { PORT: "0", ...environmentFor(access) },
    log: join(folder.path, "api.log"),
  });
  const port = Number(new URL(service.url).port);
  await using committers = await connectCommitters(server, database);
  let run = 0;
  const empty = async () => {
    run += 1;
    await admin.query("TRUNCATE events, event_hours, event_counts");
    await admin.query("CHECKPOINT");
  };
  const rows: string[][] = [];
  for (const { perRequest, events, what } of SHAPES) {
    const figures = await paired(
      async () => {
        await empty();
        const requests = requestsOf({ run, events, perRequest });
        return (await timed(() => push(port, requests, perRequest))) / events;
      },
      async () => {
        await empty();
        const statements = statementsOf({ run, events: COMMITTED });
        return (await timed(() => commitEach(committers.clients, statements))) / COMMITTED;
      },
      pairs,
    );
    rows.push(describe(what, figures));
  }
  return rows;
}

/** One event, different from all others. */
function eventText(run: number, number: number): string {
  const client = `client-${number % CLIENTS}`;
  const metric = METRICS[number % METRICS.length];
  const timestamp = new Date(Date.UTC(2024, 0, 15, run) + number).toISOString();
  return JSON.stringify({ source: client, payload: { metric, amount: String(number), timestamp } });
}

interface Load {
  readonly run: number;
  readonly events: number;
  readonly perRequest: number;
}

function requestsOf({ run, events, perRequest }: Load): Buffer[] {
  return Array.from({ length: Math.ceil(events / perRequest) }, (_, request) => {
    const texts = Array.from({ length: perRequest }, (_, index) => eventText(run, request * perRequest + index));
    const body = perRequest === 1 ? (texts[0] ?? "") : `[${texts.join(",")}]`;
    const head = `POST /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
    return Buffer.from(head + body);
  });
}

/** Every client sends its next request when the last is answered. A client library would cost more than the service. */
async function push(port: number, requests: readonly Buffer[], perRequest: number): Promise<void> {
  const waiting = requests.values();
  const sockets = await Promise.all(Array.from({ length: CLIENTS }, () => open(port)));
  const expected = `"processed":${perRequest},"failed":0`;
  await Promise.all(sockets.map((socket) => pushOver(socket, waiting, expected)));
  for (const socket of sockets) socket.destroy();
}

async function open(port: number): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port }).setNoDelay();
  await once(socket, "connect");
  return socket;
}

function pushOver(socket: Socket, waiting: IterableIterator<Buffer>, expected: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const next = () => {
      const request = waiting.next();
      if (request.done) resolve();
      else socket.write(request.value);
    };
    socket.on("data", (data) => {
      answer += data.toString("latin1");
      const end = answer.indexOf("\r\n\r\n") + 4;
      const length = Number(/content-length: (\d+)/i.exec(answer)?.[1]);
      if (end < 4 || answer.length < end + length) return;
      if (!answer.includes(expected) || answer.includes('"isDuplicate":true'))
        reject(new Error(`not taken: ${answer}`));
      answer = "";
      next();
    });
    socket.on("error", reject);
    next();
  });
}

function statementsOf({ run, events }: Omit<Load, "perRequest">): string[][] {
  const ids = new EventIds();
  const normalise = normaliser(DEFAULT_FIELDS);
  const receivedAt = new Date().toISOString();
  return Array.from({ length: events }, (_, number) => {
    const raws = rawEventsOf(Buffer.from(eventText(run, number)), 1);
    return eventColumns(
      raws.map((raw, index) => normalise(raw, { id: ids.next(), receivedAt, key: undefined, index })),
    );
  });
}

/** A commit for each event; whoever is free takes the next. */
async function commitEach(clients: readonly Client[], statements: readonly string[][]): Promise<void> {
  const waiting = statements.values();
  await Promise.all(
    clients.map(async (client) => {
      for (const values of waiting) await client.query({ name: "commit-event", text: INSERT_EVENTS_SQL, values });
    }),
  );
}

async function connectCommitters(server: TestServer, database: string) {
  const connections = await Promise.all(Array.from({ length: COMMITTERS }, () => server.connect(database)));
  return {
    clients: connections as readonly Client[],
    async [Symbol.asyncDispose]() {
      await Promise.all(connections.map((connection) => connection[Symbol.asyncDispose]()));
    },
  };
}

function describe(what: string, { ratios, a, b }: Paired): string[] {
  return [
    `pushed events (${what}), HTTP to commit / one commit per event on ${COMMITTERS} connections`,
    ratioCell(ratios),
    rateCell(a),
    rateCell(b),
    String(ratios.length),
    ">= 2.5",
  ];
}
