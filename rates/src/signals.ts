/** Where a process hears that it is to end. */
export type Signals = (handle: (signal: NodeJS.Signals) => void) => void;

const NAMES = ["SIGTERM", "SIGINT"] as const;

/** From the system: for a process of its own. */
export const systemSignals: Signals = (handle) => {
  for (const name of NAMES) process.on(name, handle);
};

/**
 * From the process above it, which hands on what the system tells it. The same signal from the system is not listened to:
 * Ctrl-C in a terminal reaches every process, and one that counts twice would cut the drain short.
 */
export const parentSignals: Signals = (handle) => {
  for (const name of NAMES) process.on(name, () => {});
  process.on("message", handle);
};
