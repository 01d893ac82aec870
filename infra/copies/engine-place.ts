import { Problem } from "./problem";

/** Where the ports of an engine's containers are reached, and on which of its addresses they are published. */
export interface EnginePlace {
  readonly host: string;
  readonly publishedOn: string;
  readonly isHere: boolean;
}

/** Published to nobody but this machine. */
const HERE: EnginePlace = { host: "127.0.0.1", publishedOn: "127.0.0.1", isHere: true };

/**
 * An engine on another machine publishes to its network, because that is where we are: docs/copies.md says so.
 * @param engine as DOCKER_HOST names it: `unix:///var/run/docker.sock`, `tcp://build:2375`, `ssh://you@build`; undefined
 * is the one on this machine
 * @throws Problem when it is none of these
 */
export function enginePlace(engine: string | undefined): EnginePlace {
  if (!engine || /^(unix|npipe|fd):/.test(engine)) return HERE;
  const hostname = /^(tcp|ssh|https?):\/\/./.test(engine) && URL.canParse(engine) ? new URL(engine).hostname : "";
  if (hostname === "") {
    throw new Problem(`DOCKER_HOST=${engine} names no engine: use unix:///path, tcp://host:port or ssh://user@host.`);
  }
  if (["127.0.0.1", "localhost", "[::1]"].includes(hostname)) return HERE;
  return { host: hostname, publishedOn: "0.0.0.0", isHere: false };
}

/** The engine that commands talk to, as DOCKER_HOST names it; undefined is the one on this machine. */
export function engineInUse(env: NodeJS.ProcessEnv = process.env): string | undefined {
  return env["DOCKER_HOST"] || undefined;
}
