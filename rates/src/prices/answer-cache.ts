import type { DataListener } from "../platform/database/data-listener";
import type { DataVersion } from "../platform/database/data-version";
import type { Answer } from "./answer";

/** What an entry takes beside its texts, in bytes: map slot, object, headers of the strings. */
const ENTRY_OVERHEAD = 200;

/**
 * Encoded answers by URL, as far as they are of the newest version of the data. The one that was asked for longest ago
 * gives way. Nothing is handed out while commits may go unheard.
 */
export class AnswerCache {
  readonly #answers = new Map<string, Answer>();
  readonly #version: DataVersion;
  readonly #listener: Pick<DataListener, "isCurrent">;
  readonly #mostBytes: number;
  #bytes = 0;

  constructor(parts: { version: DataVersion; listener: Pick<DataListener, "isCurrent">; mostBytes: number }) {
    this.#version = parts.version;
    this.#listener = parts.listener;
    this.#mostBytes = parts.mostBytes;
    this.#version.onChange(() => this.#drop());
  }

  /** @param least the version the answer has to have at least */
  find(url: string, least: number): Answer | undefined {
    if (!this.#listener.isCurrent) return undefined;
    const answer = this.#answers.get(url);
    if (answer === undefined || answer.version < least) return undefined;
    // A map keeps the order of insertion: this one is now the youngest.
    this.#answers.delete(url);
    this.#answers.set(url, answer);
    return answer;
  }

  /** Keeps an answer, unless a newer version of the data is known by now. */
  keep(url: string, answer: Answer): void {
    this.#version.note(answer.version);
    const size = sizeOf(url, answer);
    if (!this.#listener.isCurrent || answer.version < this.#version.newest || size > this.#mostBytes) return;
    this.#remove(url);
    this.#answers.set(url, answer);
    this.#bytes += size;
    for (const oldest of this.#answers.keys()) {
      if (this.#bytes <= this.#mostBytes) break;
      this.#remove(oldest);
    }
  }

  #remove(url: string): void {
    const answer = this.#answers.get(url);
    if (answer === undefined) return;
    this.#answers.delete(url);
    this.#bytes -= sizeOf(url, answer);
  }

  #drop(): void {
    this.#answers.clear();
    this.#bytes = 0;
  }
}

/** A URL is ASCII, a byte a character. */
function sizeOf(url: string, { body }: Answer): number {
  return url.length + body.length + ENTRY_OVERHEAD;
}
