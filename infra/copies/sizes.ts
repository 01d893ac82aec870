/** How much of the machine a copy takes. A size is a row here and nowhere an `if`. */
export interface Size {
  /** Connections that one API process may hold open to the database. */
  readonly poolMax: number;
  /** And to the queue. */
  readonly queuePoolMax: number;
  /** Upper bound of the service's JavaScript heap, in MiB. */
  readonly heapMiB: number;
  /** API processes: containers behind the proxy, or processes that share the embedded copy's port. */
  readonly apiProcesses: number;
  /** Memory limits of the containers. */
  readonly apiMemoryMiB: number;
  readonly databaseMemoryMiB: number;
  readonly queueMemoryMiB: number;
}

export type SizeName = "small" | "full";

export const DEFAULT_SIZE: SizeName = "small";

/**
 * `small` answers a person or a test suite, and twenty of them have to fit one machine: 20 x 4 connections stay well
 * below the data server's limit. `full` takes pg's own default of ten and leaves the heap room for large answers. Messages
 * are few and large: two connections publish while one waits for its turn to consume.
 */
export const SIZES: Readonly<Record<SizeName, Size>> = {
  small: {
    poolMax: 4,
    queuePoolMax: 3,
    heapMiB: 128,
    apiProcesses: 1,
    apiMemoryMiB: 256,
    databaseMemoryMiB: 512,
    queueMemoryMiB: 128,
  },
  full: {
    poolMax: 10,
    queuePoolMax: 4,
    heapMiB: 512,
    apiProcesses: 2,
    apiMemoryMiB: 768,
    databaseMemoryMiB: 2048,
    queueMemoryMiB: 256,
  },
};
