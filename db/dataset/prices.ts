import { faresOf } from "./fares";
import { allLanes, isExampleLane } from "./lanes";

export interface Price {
  readonly origCode: string;
  readonly destCode: string;
  /** YYYY-MM-DD */
  readonly day: string;
  /** US dollars, whole. */
  readonly price: number;
}

/** 2021-01-01 to 2021-01-31. */
export const DAYS: readonly string[] = Array.from({ length: 31 }, (_, index) =>
  new Date(Date.UTC(2021, 0, index + 1)).toISOString().slice(0, 10),
);

/**
 * Days of the example lane that are written down rather than drawn, so that it shows every case: the two last days
 * have three prices with the mean 1154.3333333333333, others have two, one or none.
 */
const EXAMPLE_DAYS: ReadonlyMap<string, readonly number[]> = new Map([
  ["2021-01-09", []],
  ["2021-01-10", []],
  ["2021-01-17", [1098]],
  ["2021-01-24", [1121, 1139]],
  ["2021-01-30", [1121, 1153, 1189]],
  ["2021-01-31", [1118, 1154, 1191]],
]);

/** Every price of the data, day by day as they would have come in, each day in the order of its lanes. */
export function* allPrices(): Generator<Price> {
  const lanes = allLanes().map((lane) => ({ lane, fares: faresOf(lane), written: isExampleLane(lane) }));
  for (const day of DAYS) {
    for (const { lane, fares, written } of lanes) {
      const drawn = fares.quote(day);
      const prices = (written ? EXAMPLE_DAYS.get(day) : undefined) ?? drawn;
      for (const price of prices) yield { origCode: lane.orig.code, destCode: lane.dest.code, day, price };
    }
  }
}
