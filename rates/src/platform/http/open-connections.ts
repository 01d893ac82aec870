import type { Server } from "node:http";
import type { Socket } from "node:net";

/** How often, in ms, connections are looked through for those that have become idle while the server closes. */
const SWEEP_INTERVAL_MS = 20;

/**
 * How long, in ms, a connection may stay without a first request while the server closes. One that was just accepted
 * is about to ask; one that still says nothing after this was opened ahead of need, and its client can open another.
 */
const FIRST_REQUEST_MS = 500;

/** The connections of an HTTP server, so that it can be closed without cutting a request. */
export class OpenConnections {
  readonly #server: Server;
  /** With the monotonic ms at which each was opened. */
  readonly #opened = new Map<Socket, number>();

  constructor(server: Server) {
    this.#server = server;
    server.on("connection", (socket: Socket) => {
      this.#opened.set(socket, performance.now());
      socket.once("close", () => this.#opened.delete(socket));
    });
  }

  get count(): number {
    return this.#opened.size;
  }

  /** Stops listening, closes idle connections, and resolves when the last request in flight is answered. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    const sweep = setInterval(() => this.#closeIdle(), SWEEP_INTERVAL_MS);
    this.#closeIdle();
    await closed;
    clearInterval(sweep);
  }

  /** Node counts a connection on which nothing was ever asked as busy, to catch slow clients. */
  #closeIdle(): void {
    this.#server.closeIdleConnections();
    const before = performance.now() - FIRST_REQUEST_MS;
    for (const [socket, opened] of this.#opened) {
      if (socket.bytesRead === 0 && opened < before) socket.destroy();
    }
  }
}
