import { PORTS, type Port } from "./ports";
import { type Random, randomFor } from "./random";
import { pathToRoot } from "./regions";

/** A pair of ports that carriers sell, never from a port to itself. */
export interface Lane {
  readonly orig: Port;
  readonly dest: Port;
}

/** Where a port trades: coarser than its region, and what a price depends on. */
export type Area = "china" | "main" | "nordic" | "baltic";

/** How many of all pairs are sold. Together they make about 880 lanes, and with those some 60,000 prices a month. */
const SHARE_SOLD: Readonly<Record<Area, Readonly<Record<Area, number>>>> = {
  china: { china: 0, main: 0.24, nordic: 0.12, baltic: 0.16 },
  main: { china: 0.1, main: 0, nordic: 0.05, baltic: 0.05 },
  nordic: { china: 0.03, main: 0.03, nordic: 0, baltic: 0 },
  baltic: { china: 0.03, main: 0.03, nordic: 0, baltic: 0 },
};

/** The lane of the README's example; it is sold whatever the shares say. */
const EXAMPLE_LANE = { orig: "CNGGZ", dest: "EETLL" } as const;

/** Every lane of the data, in the order of its ports. */
export function allLanes(): Lane[] {
  const random = randomFor("lanes");
  return PORTS.flatMap((orig) => PORTS.filter((dest) => isSold(orig, dest, random)).map((dest) => ({ orig, dest })));
}

export function isExampleLane({ orig, dest }: Lane): boolean {
  return orig.code === EXAMPLE_LANE.orig && dest.code === EXAMPLE_LANE.dest;
}

export function areaOf(port: Port): Area {
  const path = pathToRoot(port.parentSlug);
  if (path.includes("china")) return "china";
  if (path.includes("scandinavia")) return "nordic";
  return path.includes("baltic") ? "baltic" : "main";
}

/** Draws for every pair, sold or not, so that the pairs after it do not depend on its share. */
function isSold(orig: Port, dest: Port, random: Random): boolean {
  const draw = random();
  if (orig === dest) return false;
  return isExampleLane({ orig, dest }) || draw < SHARE_SOLD[areaOf(orig)][areaOf(dest)];
}
