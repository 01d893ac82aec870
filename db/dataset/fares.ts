import { type Area, areaOf, type Lane } from "./lanes";
import { type Random, randomFor } from "./random";

/** One carrier's offer on a lane. */
interface Carrier {
  /** Its price level against the lane's, about 1. */
  readonly level: number;
  readonly random: Random;
}

/** The offers of one lane: asked day after day, since each day draws from the same streams. */
export interface LaneFares {
  /** The prices of the next day in US dollars a container, one for each carrier that quotes; often none. */
  quote(day: string): number[];
}

/** US dollars for a container of 20 feet at the start of the month. Boxes go back to China for half of what they came for. */
const BASE_PRICE: Readonly<Record<Area, Readonly<Record<Area, number>>>> = {
  china: { china: 250, main: 890, nordic: 1090, baltic: 990 },
  main: { china: 480, main: 260, nordic: 390, baltic: 360 },
  nordic: { china: 610, main: 410, nordic: 340, baltic: 430 },
  baltic: { china: 570, main: 380, nordic: 430, baltic: 300 },
};

/** How many carriers serve a lane: of twenty lanes, two have one, four have two, and so on. */
const CARRIERS_PER_LANE = [1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 4, 4, 4, 4, 4, 5, 5, 5];

/** The share of days on which a carrier quotes. */
const QUOTES = { weekday: 0.87, weekend: 0.45 };

const MONTHLY_DRIFT = 0.06;
const PORT_SURCHARGE = 0.15;
const CARRIER_SPREAD = 0.16;
const DAILY_NOISE = 0.02;

export function faresOf(lane: Lane): LaneFares {
  const name = `${lane.orig.code}>${lane.dest.code}`;
  const random = randomFor(`fares ${name}`);
  const base = laneBase(lane);
  const drift = MONTHLY_DRIFT * (0.25 + random());
  const count = CARRIERS_PER_LANE[Math.floor(random() * CARRIERS_PER_LANE.length)] ?? 1;
  const carriers = Array.from({ length: count }, (_, index) => carrierOf(`${name} carrier ${index}`));
  return {
    quote(day) {
      const level = base * (1 + drift * monthShare(day));
      const quotes = carriers.map((carrier) => quoteOf(carrier, level, day));
      return quotes.filter((price) => price !== undefined);
    },
  };
}

/** US dollars, before drift and carrier. */
function laneBase({ orig, dest }: Lane): number {
  return BASE_PRICE[areaOf(orig)][areaOf(dest)] * surcharge(orig.code) * surcharge(dest.code);
}

function surcharge(code: string): number {
  return 1 + PORT_SURCHARGE * randomFor(`surcharge ${code}`)();
}

function carrierOf(subject: string): Carrier {
  const random = randomFor(subject);
  return { level: 1 + CARRIER_SPREAD * (random() - 0.5), random };
}

function quoteOf({ level, random }: Carrier, laneLevel: number, day: string): number | undefined {
  const draw = random();
  const noise = 1 + DAILY_NOISE * (random() - 0.5);
  if (draw >= (isWeekend(day) ? QUOTES.weekend : QUOTES.weekday)) return undefined;
  return Math.round(laneLevel * level * noise);
}

/** 0 on the first of the month, 1 on the 31st. */
function monthShare(day: string): number {
  return (new Date(day).getUTCDate() - 1) / 30;
}

function isWeekend(day: string): boolean {
  return [0, 6].includes(new Date(day).getUTCDay());
}
