import { createHash } from "node:crypto";
import { PassThrough, type Transform } from "node:stream";
import { createGunzip } from "node:zlib";
import { Problem } from "../../platform/http/problem";
import { tooManyBytes } from "./limits";
import { WINDOW_BYTES } from "./payload-window";
import { RowErrors } from "./row-error";
import type { PayloadType } from "./row-readers";

/** How a payload comes, as its headers say. */
export interface PayloadForm {
  readonly type: PayloadType;
  readonly isGzip: boolean;
  /** SHA-256 digests of the body as it is sent, in base64, by the header that gave them. */
  readonly digests: ReadonlyMap<string, string>;
}

export interface PayloadOptions extends Omit<PayloadForm, "type"> {
  /** Most bytes, counted after decoding, so that a small body cannot become a large one. */
  readonly maxBytes: number;
  /** Asks for so many more pieces of the body. */
  readonly ask: (pieces: number) => void;
}

/**
 * Pieces of a body that may be on their way or wait to be read, of at most 64 KiB each: enough that neither thread waits
 * for the other while a batch streams, and half a megabyte for a batch.
 */
export const MOST_PIECES = 8;

/** The client went away before the end of the body; nobody is left to be answered. */
export class HungUp extends Problem {
  constructor() {
    super(400, "The connection was closed before the end of the payload; nothing of it was taken.");
  }
}

/** The body of a request, decoded and hashed as it passes. Whoever has the body puts in what was asked for. */
export class Payload {
  readonly #hash = createHash("sha256");
  readonly #sentHash = createHash("sha256");
  readonly #decoder: Transform;

  constructor(private readonly options: PayloadOptions) {
    this.#decoder = options.isGzip ? createGunzip({ chunkSize: WINDOW_BYTES }) : new PassThrough();
    // It may be stopped before anybody reads; who reads then is told.
    this.#decoder.on("error", () => {});
  }

  /** Puts in the next piece of the body. When it has been passed on, another is asked for. */
  put(piece: Uint8Array): void {
    if (this.options.digests.size > 0) this.#sentHash.update(piece);
    this.#decoder.write(piece, (error) => error || this.options.ask(1));
  }

  /** The body has ended. */
  end(): void {
    this.#decoder.end();
  }

  /**
   * The decoded bytes in pieces of at most WINDOW_BYTES, once. Nothing of the body is asked for before.
   * @throws {Problem} 413 for too many bytes, 422 for a body that is not what its headers say
   */
  async *pieces(): AsyncGenerator<Buffer> {
    const { digests, maxBytes } = this.options;
    let bytes = 0;
    for await (const decoded of this.#decoded()) {
      bytes += decoded.length;
      if (bytes > maxBytes) throw tooManyBytes(maxBytes);
      this.#hash.update(decoded);
      for (let at = 0; at < decoded.length; at += WINDOW_BYTES) yield decoded.subarray(at, at + WINDOW_BYTES);
    }
    if (digests.size > 0) this.#compareDigests(digests);
  }

  /** SHA-256 of the decoded payload in hexadecimal digits; to be asked once, after the last piece. */
  checksum(): string {
    return this.#hash.digest("hex");
  }

  /** Makes `pieces` fail with a reason. */
  stop(reason: Error): void {
    this.#decoder.destroy(reason);
  }

  async *#decoded(): AsyncGenerator<Buffer> {
    this.options.ask(MOST_PIECES);
    try {
      yield* this.#decoder;
    } catch (error) {
      throw isUnreadable(error) ? notGzip(error) : error;
    } finally {
      this.#decoder.destroy();
    }
  }

  #compareDigests(digests: PayloadOptions["digests"]): void {
    const found = this.#sentHash.digest("base64");
    for (const [name, expected] of digests) {
      if (found === expected) continue;
      const detail = `${name} is sha-256=:${expected}:, but what arrived has sha-256=:${found}:; send it again.`;
      throw new Problem(422, detail, { kind: "digest-mismatch" });
    }
  }
}

function isUnreadable(error: unknown): boolean {
  return error instanceof Error && "code" in error && /^Z_/.test(String(error.code));
}

function notGzip(error: unknown): Problem {
  const errors = new RowErrors();
  const reason = `the body is not valid gzip, although Content-Encoding says so: ${error instanceof Error ? error.message : ""}`;
  errors.add({ row: null, field: null, value: null, reason });
  return errors.problem();
}
