import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import { MessageChannel } from "node:worker_threads";
import { expect, test } from "vitest";
import { until } from "../../../../tests/support/until";
import { BodySender } from "./body-sender";
import type { ToTaking } from "./thread-messages";

const MIB = 2 ** 20;
const BODY = Buffer.alloc(20 * MIB, "0123456789abcdef-");

/** A request on its way in, and what its sender has posted so far. */
interface Sending extends AsyncDisposable {
  readonly body: IncomingMessage;
  readonly sender: BodySender;
  readonly posted: ToTaking[];
  hangUp(): void;
}

async function sending(bytes: Buffer, { ends } = { ends: true }): Promise<Sending> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const client = request({ host: "127.0.0.1", port, method: "POST" }).on("error", () => {});
  client.write(bytes);
  const [body] = (await once(server, "request")) as [IncomingMessage];
  const { port1, port2 } = new MessageChannel();
  const posted: ToTaking[] = [];
  port2.on("message", (message: ToTaking) => posted.push(message));
  if (ends) client.end();
  return {
    body,
    sender: new BodySender(body, port1),
    posted,
    hangUp: () => void client.destroy(),
    async [Symbol.asyncDispose]() {
      port1.close();
      client.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function bytesOf(posted: readonly ToTaking[]): Buffer {
  return Buffer.concat(posted.map((each) => (each.kind === "piece" ? each.bytes : Buffer.alloc(0))));
}

/** The body waits when the client can send no more: what is here is as much as its buffer takes. */
function untilFull({ body }: Sending): Promise<boolean> {
  return until("the body to wait", async () => body.readableLength >= body.readableHighWaterMark);
}

test("nothing is read before it is asked for, and never more than that: the rest stays with the client", async () => {
  await using sent = await sending(BODY);
  await untilFull(sent);
  expect(sent.posted).toEqual([]);
  sent.sender.send(3);
  await until("three pieces", async () => sent.posted.length === 3);
  await untilFull(sent);
  sent.sender.send(2);
  await until("five pieces", async () => sent.posted.length === 5);
  await untilFull(sent);
  expect(sent.posted.map(({ kind }) => kind)).toEqual(Array(5).fill("piece"));
  expect(bytesOf(sent.posted).length).toBeLessThanOrEqual(5 * 65_536);
  expect(sent.body.readableLength).toBeLessThan(MIB);
});

test("the whole body comes over as it was sent, and its end last", async () => {
  await using sent = await sending(BODY);
  sent.sender.send(1);
  const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
  await until("the end", async () => {
    sent.sender.send(20);
    return sent.posted.at(-1)?.kind === "end";
  });
  expect(sha256(bytesOf(sent.posted))).toBe(sha256(BODY));
  expect(sent.posted.filter(({ kind }) => kind !== "piece")).toEqual([{ kind: "end" }]);
});

test.each([
  ["before anything is asked for", 0],
  ["after what there was of it", 1],
])("a client that hangs up %s is told, and never looks like the end", async (_when, pieces) => {
  await using sent = await sending(Buffer.from("a part"), { ends: false });
  if (pieces > 0) sent.sender.send(8);
  await until("the pieces", async () => sent.posted.length === pieces);
  sent.hangUp();
  await until("the hang-up", async () => sent.posted.at(-1)?.kind === "hung-up");
  expect(sent.posted).toHaveLength(pieces + 1);
});

test("a client that hung up before there was a sender is told as well", async () => {
  await using sent = await sending(Buffer.from("a part"), { ends: false });
  sent.sender[Symbol.dispose]();
  sent.hangUp();
  await until("the body to close", async () => sent.body.destroyed);
  const { port1, port2 } = new MessageChannel();
  using _late = new BodySender(sent.body, port1);
  const [message] = await once(port2, "message");
  expect(message).toEqual({ kind: "hung-up" });
  port1.close();
});

test("disposed of, it sends nothing more and leaves the body open", async () => {
  await using sent = await sending(BODY);
  sent.sender.send(2);
  await until("two pieces", async () => sent.posted.length === 2);
  sent.sender[Symbol.dispose]();
  sent.body.resume();
  await once(sent.body, "end");
  expect(sent.posted).toHaveLength(2);
  expect(sent.body.socket.destroyed).toBe(false);
});
