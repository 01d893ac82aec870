/** What a run has that can fail: the service, the data's server and the queue's. */
export type Target = "api" | "data" | "queue";

/**
 * What is done to it. A `cut` resets its connections once, a `hole` lets nothing pass on them and tells nobody, and `refuse`
 * resets them and takes no new ones: these are for a server, as the service reaches it.
 */
type Means = "kill" | "stop" | "cut" | "hole" | "refuse";

export interface FaultKind {
  readonly target: Target;
  readonly means: Means;
}

/** A fault of a run. Its time is counted in answers, so that it means the same on a slow machine. */
export interface Fault extends FaultKind {
  /** Acknowledgements before it. */
  readonly after: number;
  /** Answers of any kind, a lost connection included, until it is mended. */
  readonly lasts: number;
  /** Most ms until it is mended: with everything down or stopped, nobody answers. */
  readonly limitMs: number;
}

/** Kills are what loses most, so they come up most. */
const KINDS: readonly (FaultKind & { readonly weight: number })[] = [
  { target: "api", means: "kill", weight: 4 },
  { target: "data", means: "kill", weight: 4 },
  { target: "queue", means: "kill", weight: 3 },
  { target: "api", means: "stop", weight: 1 },
  { target: "data", means: "stop", weight: 2 },
  { target: "queue", means: "stop", weight: 1 },
  { target: "data", means: "refuse", weight: 2 },
  { target: "queue", means: "refuse", weight: 1 },
  { target: "data", means: "cut", weight: 1 },
  { target: "queue", means: "cut", weight: 1 },
  { target: "data", means: "hole", weight: 1 },
  { target: "queue", means: "hole", weight: 1 },
];

/** What a fault breaks is most often what another one has left half done. */
const COMPANY = { most: 3, chance: 0.8 };
const LASTS = { least: 20, most: 220 };
/** Longer than the service's limits in a run, and than its lease of a message. */
const LIMIT_MS = { least: 100, most: 1_000 };

/**
 * The faults of a run, the earliest first. Those after the first come while that one lasts, to other targets.
 * @param random decides everything
 * @param load how many acknowledgements there will be
 */
export function drawSchedule(random: () => number, load: number): Fault[] {
  const first = { ...drawKind(random, []), ...drawTime(random, { from: 1, span: load / 2 }) };
  const faults: Fault[] = [first];
  while (faults.length < COMPANY.most && random() < COMPANY.chance) {
    const spared = faults.map(({ target }) => target);
    faults.push({ ...drawKind(random, spared), ...drawTime(random, { from: first.after, span: first.lasts }) });
  }
  return faults.sort((one, other) => one.after - other.after);
}

/** How a kind of fault is called in figures and failures. */
export function nameOf({ target, means }: FaultKind): string {
  const named: Readonly<Record<Means, string>> = {
    kill: "kill -9 of",
    stop: "SIGSTOP of",
    cut: "connections cut to",
    hole: "connections silently dead to",
    refuse: "connections refused by",
  };
  return `${named[means]} ${target}`;
}

export function describeSchedule(faults: readonly Fault[]): string {
  return faults
    .map((fault) => `after ${fault.after}: ${nameOf(fault)} for ${fault.lasts} answers or ${fault.limitMs} ms`)
    .join("; ");
}

function drawKind(random: () => number, spared: readonly Target[]): FaultKind {
  const kinds = KINDS.filter(({ target }) => !spared.includes(target));
  let place = random() * kinds.reduce((sum, { weight }) => sum + weight, 0);
  for (const { target, means, weight } of kinds) {
    place -= weight;
    if (place < 0) return { target, means };
  }
  throw new Error(`no kind of fault spares ${spared.join(", ")}`);
}

function drawTime(random: () => number, { from, span }: { readonly from: number; readonly span: number }) {
  const between = ({ least, most }: typeof LASTS) => least + Math.floor(random() * (most - least));
  return { after: from + Math.floor(random() * span), lasts: between(LASTS), limitMs: between(LIMIT_MS) };
}
