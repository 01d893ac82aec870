import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** A way to a TCP port on loopback that a test can break; `await using` closes it with everything on it. */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** How many connections have been taken so far. */
  readonly taken: number;
  /** From now on nothing passes on the existing connections, and nobody is told: no FIN, no RST. New ones pass. */
  blackhole(): void;
  /** Resets the existing connections towards the client. New ones pass. */
  reset(): void;
  /** New connections are refused; existing ones pass. */
  refuse(): Promise<void>;
  /** Undoes `refuse`. */
  accept(): Promise<void>;
}

/** Starts a proxy to a port on 127.0.0.1. */
export async function tcpProxy(targetPort: number): Promise<TcpProxy> {
  const proxy = new LoopbackProxy(targetPort);
  await proxy.accept();
  return proxy;
}

interface Pair {
  readonly client: Socket;
  readonly target: Socket;
}

class LoopbackProxy implements TcpProxy {
  port = 0;
  taken = 0;
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();

  constructor(targetPort: number) {
    // As PostgreSQL and its clients do it themselves: otherwise a pause of 40 ms is added to what takes several packets.
    const target = { host: "127.0.0.1", port: targetPort, noDelay: true };
    this.#server = createServer({ noDelay: true }, (client) => this.#join(client, connect(target)));
  }

  blackhole(): void {
    for (const { client, target } of this.#pairs) {
      for (const socket of [client, target]) socket.unpipe().pause().removeAllListeners("close");
    }
  }

  reset(): void {
    for (const { client, target } of this.#pairs) {
      client.resetAndDestroy();
      target.destroy();
    }
  }

  async refuse(): Promise<void> {
    this.#server.close();
  }

  async accept(): Promise<void> {
    await once(this.#server.listen(this.port, "127.0.0.1"), "listening");
    this.port = (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    for (const { client, target } of this.#pairs) {
      client.destroy();
      target.destroy();
    }
  }

  #join(client: Socket, target: Socket): void {
    const pair = { client, target };
    this.taken += 1;
    this.#pairs.add(pair);
    client.pipe(target).pipe(client);
    for (const [socket, other] of [
      [client, target],
      [target, client],
    ] as const) {
      // A lost connection is what this is for; the other half is told by the close that follows.
      socket.on("error", () => {});
      socket.on("close", () => other.destroy());
    }
  }
}
