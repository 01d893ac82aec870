/**
 * The server sizes its shared tables by these, and touches them at its start: an idle one takes 4.6 MiB instead of 7.4, with the
 * connections below. A message's statements lock a dozen relations, and no query is run in parallel.
 */
const SMALL_TABLES = {
  max_locks_per_transaction: "32",
  max_pred_locks_per_transaction: "10",
  max_worker_processes: "0",
};

/** For a server that one copy has to itself: two revisions of four processes each at once, and people. */
export const QUEUE_CONNECTIONS = "40";

/**
 * What the queue's PostgreSQL is told, in every runtime. Small, and durable: what it has acknowledged outlives a crash. It
 * replicates to nobody, so its log holds what its own recovery needs and no more. Messages come and go, so dead rows are
 * looked for every ten seconds, and the planner learns of a backlog as soon: without that it sorts the whole backlog at every
 * fetch (docs/decisions/013-queue-library.md).
 */
export const QUEUE_SETTINGS: Readonly<Record<string, string>> = {
  synchronous_commit: "on",
  shared_buffers: "8MB",
  wal_level: "minimal",
  max_wal_senders: "0",
  max_logical_replication_workers: "0",
  min_wal_size: "32MB",
  max_wal_size: "128MB",
  autovacuum_naptime: "10s",
  jit: "off",
  ...SMALL_TABLES,
};
