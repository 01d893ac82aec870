import { Gauge, type Registry } from "prom-client";
import type { Database } from "../platform/database/database";
import { PULL_FIGURES_SQL } from "./queries";

interface Figures {
  readonly stored: number;
  readonly received: number;
  readonly expected: number | null;
  readonly complete: number;
}

/**
 * How far the pull of the feed is, for whoever scrapes this process: read from the checkpoints, since a pull is a job
 * that nobody can ask. Where no pull was begun, or the database is away, there are no values.
 */
export function feedMetrics(database: Pick<Database, "read">): (registry: Registry) => void {
  return (registry) => {
    new Gauge({
      name: "feed_pull",
      help: "Events of the feed: stored by pulls, received with those that were known, expected by the upstream's word; complete is 1 when all are stored",
      labelNames: ["figure"],
      registers: [registry],
      async collect() {
        this.reset();
        const [figures] = await database
          .read<Figures & Record<string, unknown>>({ text: PULL_FIGURES_SQL })
          .catch(() => []);
        if (figures === undefined) return;
        const { stored, received, expected, complete } = figures;
        for (const [figure, value] of Object.entries({ stored, received, expected, complete })) {
          if (value !== null) this.set({ figure }, value);
        }
      },
    });
  };
}
