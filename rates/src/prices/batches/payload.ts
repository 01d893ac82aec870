import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { PassThrough, type Transform } from "node:stream";
import { createGunzip } from "node:zlib";
import { Problem } from "../../platform/http/problem";
import { tooManyBytes } from "./limits";
import { WINDOW_BYTES } from "./payload-window";
import { RowErrors } from "./row-error";

/** How a payload comes. */
export interface PayloadOptions {
  readonly isGzip: boolean;
  /** SHA-256 digests of the body as it is sent, in base64, by the header that gave them. */
  readonly digests: ReadonlyMap<string, string>;
  /** Most bytes, counted after decoding, so that a small body cannot become a large one. */
  readonly maxBytes: number;
}

/** The client went away before the end of the body; nobody is left to be answered. */
class HungUp extends Problem {
  constructor() {
    super(400, "The connection was closed before the end of the payload; nothing of it was taken.");
  }
}

/** The body of a request, decoded and hashed as it passes. */
export class Payload {
  readonly #hash = createHash("sha256");
  readonly #sentHash = createHash("sha256");
  readonly #decoder: Transform;

  constructor(
    private readonly body: IncomingMessage,
    private readonly options: PayloadOptions,
  ) {
    this.#decoder = options.isGzip ? createGunzip({ chunkSize: WINDOW_BYTES }) : new PassThrough();
  }

  /**
   * The decoded bytes in pieces of at most WINDOW_BYTES, once. However it ends the body itself is left open, so that
   * the request can still be answered.
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
    const { body } = this;
    const onSent = (sent: Buffer) => this.#sentHash.update(sent);
    // A client that hangs up must not look like the end of the body. What had arrived and was not read yet is lost then.
    const onClose = () => body.readableEnded || this.stop(new HungUp());
    if (this.options.digests.size > 0) body.on("data", onSent);
    body.on("error", () => this.stop(new HungUp())).on("close", onClose);
    // It may have hung up before anybody listened.
    if (body.destroyed) onClose();
    body.pipe(this.#decoder);
    try {
      yield* this.#decoder;
    } catch (error) {
      throw isUnreadable(error) ? notGzip(error) : error;
    } finally {
      body.unpipe(this.#decoder).off("data", onSent).off("close", onClose);
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
