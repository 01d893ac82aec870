import type { Patch } from "./harness/patched-bundle";

/** A bug of the kind that loses or doubles events, as changes of the built service. */
export interface PlantedBug {
  readonly what: string;
  readonly patches: readonly Patch[];
  /** It was seen with this seed; which moment of the service a fault meets is up to the machine, so a few more may be needed. */
  readonly seed: number;
  /** How it shows. */
  readonly problem: RegExp;
}

const INSERT = 'const rows = await this.#ask("insert-events", INSERT_EVENTS_SQL, eventColumns(events));';

export const PLANTED_BUGS: readonly PlantedBug[] = [
  {
    what: "events are acknowledged before the commit",
    patches: [
      {
        from: "return { settled: await this.#group.submit(events) };",
        to: `this.#group.submit(events).catch((error) => this.#spool(events, error)).catch(() => {});
      return { queued: events.length };`,
      },
    ],
    seed: 7,
    problem: /^lost: /,
  },
  {
    what: "duplicates are counted although their rows are not stored",
    patches: [
      {
        from: INSERT,
        to: `const counted = COUNTED.replaceAll("FROM changes", "FROM incoming");
    const rows = await this.#ask("insert-events", INSERT_EVENTS_SQL.replace(COUNTED, counted), eventColumns(events));`,
      },
    ],
    seed: 1,
    problem: /^rollup and rows differ: /,
  },
  {
    what: "the row that an event is known by is stored in one transaction, and the event counted in the next",
    patches: [
      {
        from: INSERT,
        to: `const rows = await this.#ask("insert-rows", INSERT_EVENTS_SQL.replace(", " + COUNTED, ""), eventColumns(events));
    const added = events.filter(({ hash }) => rows.some((row) => row.hash === hash));
    const count = "WITH incoming AS (" + INCOMING + "), changes AS (SELECT * FROM incoming), " + COUNTED + " SELECT 1";
    if (added.length > 0) await this.#ask("count-apart", count, eventColumns(added));`,
      },
    ],
    seed: 1,
    problem: /^rollup and rows differ: /,
  },
  {
    what: "a message is settled before its events are stored",
    patches: [
      {
        from: "const outcome = await this.#handle();\n      await this.#insist(() => this.#settle(outcome));",
        to: 'await this.#insist(() => this.#settle("done"));\n      const outcome = await this.#handle();',
      },
      // Otherwise it sees after the first attempt that its message has gone, and lets go of it.
      { from: 'if (!await this.#isStillOurs()) return "gone";', to: "" },
    ],
    seed: 9,
    problem: /^lost: /,
  },
];
