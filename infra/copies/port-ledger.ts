import { type Owner, promise } from "./ledger";
import { nextFreePort, type PortRange, type PortTest, requireFreePort } from "./ports";

export interface PortWish {
  readonly owner: Owner;
  /** Where a port is taken from; an owner has one of each range. */
  readonly range: PortRange;
  /** An explicit port; undefined takes the next free one. */
  readonly port?: number | undefined;
  /** Where it is not on this machine that the port has to be free. */
  readonly isFree?: PortTest | undefined;
}

/**
 * Promises a port to an owner; it gives back the one it had of the same range.
 * @throws Problem naming the holder of an explicit port that is taken, or when the range is used up
 */
export async function promisePort({ owner, range, port, isFree }: PortWish): Promise<number> {
  const choose = async (taken: ReadonlyMap<string, string>) => {
    const reserved = new Map([...taken].map(([value, title]) => [Number(value), title]));
    return String(
      await (port === undefined
        ? nextFreePort({ range, reserved, isFree })
        : requireFreePort(port, { reserved, isFree })),
    );
  };
  return Number(await promise({ kind: "port", use: `${range.first}-${range.last}`, owner, choose }));
}
