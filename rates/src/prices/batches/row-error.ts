import { Problem } from "../../platform/http/problem";

/** One thing that is wrong with a payload. */
export interface RowError {
  /** Number of the data row, the first is 1; null when it is about the header or the payload as a whole. */
  readonly row: number | null;
  /** The column; null when it is about the row as a whole. */
  readonly field: string | null;
  /** What was found, shortened; null when nothing was. */
  readonly value: unknown;
  readonly reason: string;
}

/** Enough to see what is wrong with a payload, and no flood where every row is. */
const MOST_ERRORS = 100;
const MOST_CHARACTERS = 200;

/** What is wrong with a payload: the first errors, and how many there are. */
export class RowErrors {
  readonly #first: RowError[] = [];
  #total = 0;

  get total(): number {
    return this.#total;
  }

  add(error: RowError): void {
    this.#total += 1;
    if (this.#first.length < MOST_ERRORS) this.#first.push({ ...error, value: shortened(error.value) });
  }

  /** The 422 that lists them. */
  problem(): Problem {
    const count = this.#total === 1 ? "1 error" : `${this.#total} errors`;
    return new Problem(422, `The payload has ${count}; nothing of it was taken. Mend it and send it whole.`, {
      kind: "invalid-rows",
      errors: this.#first,
      total: this.#total,
    });
  }
}

function shortened(value: unknown): unknown {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  if (text === undefined || text.length <= MOST_CHARACTERS) return value;
  return `${text.slice(0, MOST_CHARACTERS)}...`;
}

/** A value as it can be shown: text, where the bytes are UTF-8, else the bytes in hexadecimal digits. */
export function shownBytes(bytes: Buffer): string {
  return decodedBytes(bytes) ?? `bytes ${bytes.toString("hex", 0, MOST_CHARACTERS / 2)}`;
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** @returns the text, or undefined when the bytes are not UTF-8 */
export function decodedBytes(bytes: Buffer): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}
