import { collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { PoolStatistics } from "../database/connection-pool";

/** From a cached answer to the longest query the defaults allow, in seconds. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** What is measured of an answered request. */
export interface Answered {
  readonly method: string;
  /** Unknown URLs share one, so that nobody can fill the memory. */
  readonly route: string;
  readonly status: number;
  readonly ms: number;
}

/** What this process measures of itself, for Prometheus. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #requests: Histogram<"method" | "route" | "status">;

  constructor({ revision, pool }: { revision: string; pool: () => PoolStatistics }) {
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    this.#requests = new Histogram({
      name: "http_request_duration_seconds",
      help: "Time from the headers of a request to the end of its answer",
      labelNames: ["method", "route", "status"],
      buckets: BUCKETS,
      registers,
    });
    new Gauge({
      name: "database_pool_connections",
      help: "Connections to the database: all, those that rest, and requests that wait for one",
      labelNames: ["state"],
      registers,
      collect() {
        for (const [state, count] of Object.entries(pool())) this.set({ state }, count);
      },
    });
    new Gauge({
      name: "build_info",
      help: "Always 1; what runs is in the labels",
      labelNames: ["revision", "node"],
      registers,
    }).set({ revision, node: process.version }, 1);
  }

  /** Lets a capability register figures of its own. */
  add(register: (registry: Registry) => void): void {
    register(this.#registry);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** To be called with every answered request. */
  observe({ method, route, status, ms }: Answered): void {
    this.#requests.observe({ method, route, status }, ms / 1_000);
  }

  /** Everything in the Prometheus text format. */
  render(): Promise<string> {
    return this.#registry.metrics();
  }
}
