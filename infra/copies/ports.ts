import { createServer } from "node:net";
import { portHolder } from "./port-holder";
import { Problem } from "./problem";

/**
 * Where ports are taken from. All of them lie below 32768, where Linux begins to hand out ports for outgoing
 * connections: a server there can find its port taken by somebody's closing connection.
 */
export const PORT_RANGES = {
  api: { first: 3000, last: 3999 },
  database: { first: 5432, last: 5931 },
  queue: { first: 6500, last: 6999 },
} as const;

/** Both ends belong to it. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

export interface PortRequest {
  readonly range: PortRange;
  /** Ports promised to other copies, running or not, with who has them. */
  readonly reserved: ReadonlyMap<number, string>;
  /** Whether a port could be listened on where it is to be: on this machine unless told otherwise. */
  readonly isFree?: PortTest | undefined;
}

export type PortTest = (port: number) => Promise<boolean>;

/**
 * The first port of the range that is neither promised nor bound by anyone on this machine.
 * @throws Problem when the range is used up.
 */
export async function nextFreePort({ range, reserved, isFree = canBind }: PortRequest): Promise<number> {
  for (let port = range.first; port <= range.last; port += 1) {
    if (!reserved.has(port) && (await isFree(port))) return port;
  }
  throw new Problem(
    `Every port from ${range.first} to ${range.last} is taken (${reserved.size} of them are promised to copies). ` +
      "Take a copy down (make status, make down COPY=...), or name a port of your own with PORT=...",
  );
}

/** @throws Problem naming the holder, when someone else has the port. */
export async function requireFreePort(
  port: number,
  { reserved, isFree = canBind }: Omit<PortRequest, "range">,
): Promise<number> {
  const owner = reserved.get(port);
  if (owner) throw new Problem(`Port ${port} belongs to ${owner}. Name another with PORT=..., or leave PORT out.`);
  if (await isFree(port)) return port;
  const holder = (await canBind(port)) ? "another container" : portHolder(port);
  throw new Problem(`Port ${port} is taken by ${holder}. Name another with PORT=..., or leave PORT out.`);
}

/** Whether a server on 127.0.0.1 could listen there now. */
export function canBind(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  });
}
