import { readFileSync } from "node:fs";
import { Problem } from "./problem";

/**
 * The range that copies' networks are cut from: 10.213.0.0/16 holds 1,024 networks of 62 addresses. It lies away from
 * what engines, home routers and company VPNs commonly hand out; docs/architecture.md names it.
 */
const RANGE = { first: [10, 213] as const, networks: 1024 };

/** An IPv4 network as its first address, as a number, and how many bits are fixed. */
interface Network {
  readonly base: number;
  readonly bits: number;
}

/**
 * The first /26 of the range that overlaps neither another copy's network nor a route of this machine.
 * @param taken CIDRs of networks that exist or are promised
 * @throws Problem when there is none
 */
export function nextFreeSubnet(taken: readonly string[], routes: readonly string[] = hostRoutes()): string {
  const occupied = [...taken, ...routes].flatMap(parse);
  for (let index = 0; index < RANGE.networks; index += 1) {
    const cidr = `${RANGE.first.join(".")}.${index >> 2}.${(index & 3) * 64}/26`;
    const [wanted] = parse(cidr);
    if (wanted && !occupied.some((other) => overlaps(wanted, other))) return cidr;
  }
  throw new Problem(`Every /26 of 10.213.0.0/16 is taken. Take a copy down: make status, make down COPY=...`);
}

/** The machine's own routes but the default one, as CIDRs. proc(5), /proc/net/route: little-endian hex. */
function hostRoutes(): string[] {
  try {
    const rows = readFileSync("/proc/net/route", "utf8").trim().split("\n").slice(1);
    return rows
      .map((row) => row.split(/\s+/))
      .map(([, destination = "", , , , , , mask = ""]) => ({
        base: littleEndian(destination),
        mask: littleEndian(mask),
      }))
      .filter(({ mask }) => mask !== 0)
      .map(({ base, mask }) => `${dotted(base)}/${bitsOf(mask)}`);
  } catch {
    return []; // not Linux: the engine runs in a machine of its own
  }
}

function littleEndian(hex: string): number {
  return Buffer.from(hex, "hex").readUInt32LE(0);
}

function dotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join(".");
}

function bitsOf(mask: number): number {
  return mask.toString(2).replaceAll("0", "").length;
}

/** @returns nothing for what is not IPv4 */
function parse(cidr: string): Network[] {
  const match = cidr.match(/^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/);
  if (!match) return [];
  const [a = 0, b = 0, c = 0, d = 0, bits = 0] = match.slice(1).map(Number);
  return [{ base: ((a << 24) | (b << 16) | (c << 8) | d) >>> 0, bits }];
}

function overlaps(one: Network, other: Network): boolean {
  const bits = Math.min(one.bits, other.bits);
  // A shift by 32 is none in JavaScript; a network of no fixed bits is everything.
  return bits === 0 || one.base >>> (32 - bits) === other.base >>> (32 - bits);
}
