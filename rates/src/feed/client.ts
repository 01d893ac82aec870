import { Agent, type Dispatcher } from "undici";
import { explanationOf } from "../platform/explanation";
import type { RawAnswer } from "./answer";

/** No answer came, or not a whole one: the connection failed, it took too long, or it was too large. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
  constructor(
    why: string,
    readonly isTooLarge: boolean,
    options?: ErrorOptions,
  ) {
    super(why, options);
  }
}

export interface ClientLimits {
  /** Longest time for one answer, from the first byte sent to the last received, in ms. */
  readonly timeoutMs: number;
  /** Largest body, in bytes. */
  readonly mostBytes: number;
  /** Requests at once. */
  readonly connections: number;
}

export interface FeedRequest {
  readonly method: "GET" | "POST";
  /** A path with its query, below the base URL's origin. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Idle connections are kept as long as a rate limit's window, and given up a little before most servers do. */
const KEEP_ALIVE_MS = 61_000;
const CONNECT_TIMEOUT_MS = 5_000;

/**
 * Talks to one upstream and no other: connections are kept, redirects are not followed, and an answer that is too large or
 * takes too long is given up.
 */
export class FeedClient {
  readonly #agent: Agent;

  constructor(
    /** Scheme, host and port alone. */
    readonly origin: string,
    private readonly limits: ClientLimits,
  ) {
    this.#agent = new Agent({
      connections: limits.connections,
      pipelining: 1,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connect: { timeout: CONNECT_TIMEOUT_MS },
      headersTimeout: limits.timeoutMs,
      bodyTimeout: limits.timeoutMs,
      maxResponseSize: limits.mostBytes,
    });
  }

  /** @throws {NoAnswer} where there was none, and what the signal says */
  async ask({ method, path, headers }: FeedRequest, signal: AbortSignal): Promise<RawAnswer> {
    const deadline = AbortSignal.timeout(this.limits.timeoutMs);
    const options: Dispatcher.RequestOptions = {
      origin: this.origin,
      path,
      method,
      headers: { "accept-encoding": "identity", accept: "application/json", ...headers },
      signal: AbortSignal.any([signal, deadline]),
    };
    const sentAt = performance.now();
    try {
      const { statusCode: status, headers: fields, body } = await this.#agent.request(options);
      const text = await body.text();
      return { status, headers: fields, body: text, sentAt, tookMs: performance.now() - sentAt };
    } catch (cause) {
      if (signal.aborted) throw signal.reason;
      throw this.#noAnswer(cause, deadline.aborted);
    }
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }

  #noAnswer(cause: unknown, isLate: boolean): NoAnswer {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code === "UND_ERR_RES_EXCEEDED_MAX_SIZE") {
      return new NoAnswer(`more than ${this.limits.mostBytes} bytes (FEED_MAX_BYTES)`, true);
    }
    const why = isLate ? `no whole answer within ${this.limits.timeoutMs} ms (FEED_TIMEOUT_MS)` : explanationOf(cause);
    return new NoAnswer(why, false, { cause });
  }
}
