import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";

/** What clients are told to do; the same seed has them do the same. */
export interface Task {
  readonly seed: number;
  readonly port: number;
  /** Where they record what they saw. */
  readonly file: string;
  /** For clients that end by the clock, not by what they have sent: how long they go on. */
  readonly forMs?: number;
}

/** What the process of the clients tells. */
export type Report =
  | { readonly acknowledged: number; readonly refused: number }
  | { readonly ended: true }
  | { readonly failed: string };

/** A record of what clients saw, kept by their own process, one JSON text a line. */
export class Record {
  readonly #file: number;
  #lines: string[] = [];
  #written: Promise<void> | undefined;

  constructor(path: string) {
    this.#file = openSync(path, "wx");
  }

  /** Records what is about to be sent: before it is, so nothing that arrives is unknown. */
  send(entry: object): void {
    writeSync(this.#file, `${JSON.stringify(entry)}\n`);
  }

  /** Records an acknowledgement. It counts once it is on disk, together with those of the same turn of the event loop. */
  acknowledge(entry: object): Promise<void> {
    this.#lines.push(`${JSON.stringify(entry)}\n`);
    this.#written ??= new Promise((resolve) => setImmediate(() => resolve(this.#write())));
    return this.#written;
  }

  /** Tells that something was asked in vain. */
  refuse(): void {
    tell({ acknowledged: 0, refused: 1 });
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(): void {
    const lines = this.#lines;
    this.#lines = [];
    this.#written = undefined;
    writeSync(this.#file, lines.join(""));
    fdatasyncSync(this.#file);
    tell({ acknowledged: lines.length, refused: 0 });
  }
}

/** Makes this process one of clients, which does what a `Witness` tells it. */
export function beWitness(work: (task: Task, record: Record) => Promise<void>): void {
  process.on("disconnect", () => process.exit());
  process.on("message", async (task: Task) => {
    const record = new Record(task.file);
    try {
      await work(task, record);
      tell({ ended: true });
    } catch (error) {
      tell({ failed: String(error instanceof Error ? error.stack : error) });
    } finally {
      record.close();
    }
  });
}

function tell(report: Report): void {
  process.send?.(report);
}
