import type { IncomingMessage } from "node:http";
import type { MessagePort } from "node:worker_threads";
import type { ToTaking } from "./thread-messages";

/**
 * Sends the body of a request to the thread that reads it: as much as was asked for, and the rest waits in the client.
 * Disposing of it leaves the body open where it is, so that the request can still be answered.
 */
export class BodySender implements Disposable {
  readonly #body: IncomingMessage;
  readonly #port: MessagePort;
  #wanted = 0;
  #hasBegun = false;
  readonly #onData = (piece: Buffer) => this.#sendPiece(piece);
  readonly #onEnd = () => this.#post({ kind: "end" });
  /** A client that hangs up must not look like the end of the body. What had arrived and was not sent yet is lost then. */
  readonly #onClose = () => this.#body.readableEnded || this.#post({ kind: "hung-up" });

  constructor(body: IncomingMessage, port: MessagePort) {
    this.#body = body;
    this.#port = port;
    body.on("error", () => {}).on("close", this.#onClose);
    // It may have hung up before anybody listened.
    if (body.destroyed) this.#onClose();
  }

  /** Sends so many pieces more, as they come. Nothing is read of the body before the first are asked for. */
  send(pieces: number): void {
    this.#wanted += pieces;
    if (!this.#hasBegun) this.#body.on("data", this.#onData).on("end", this.#onEnd);
    this.#hasBegun = true;
    this.#body.resume();
  }

  [Symbol.dispose](): void {
    this.#body.off("data", this.#onData).off("end", this.#onEnd).off("close", this.#onClose).pause();
  }

  #sendPiece(piece: Buffer): void {
    this.#wanted -= 1;
    if (this.#wanted === 0) this.#body.pause();
    const bytes = ownBytes(piece);
    this.#post({ kind: "piece", bytes }, [bytes.buffer]);
  }

  #post(message: ToTaking, moved: readonly ArrayBuffer[] = []): void {
    this.#port.postMessage(message, moved);
  }
}

/** Bytes that can be moved to another thread. Node hands out each piece in a buffer of its own; should it once not, a copy is moved. */
function ownBytes(piece: Buffer): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = piece;
  const isWhole = buffer instanceof ArrayBuffer && byteOffset === 0 && byteLength === buffer.byteLength;
  return isWhole ? new Uint8Array(buffer) : Uint8Array.from(piece);
}
