import { join } from "node:path";
import type { Copy, DatabaseAddress } from "../../copies/copy";
import { enginePlace } from "../../copies/engine-place";
import { Problem } from "../../copies/problem";
import type { DockerClaim } from "../../copies/registry";

/** Where people and commands reach the copy's database, from outside its network. */
export function databaseAddress(copy: Copy): DatabaseAddress {
  const { engine, databasePort: port } = claimOf(copy);
  return { ...PLACE, host: enginePlace(engine).host, port, passwordFile: passwordFiles(copy).database };
}

/** And its queue. */
export function queueAddress(copy: Copy): DatabaseAddress {
  const { engine, queuePort: port } = claimOf(copy);
  return { ...PLACE, host: enginePlace(engine).host, port, passwordFile: passwordFiles(copy).queue };
}

/** In either server; each is one copy's alone. */
const PLACE = { database: "rates", user: "rates" };

/** The passwords the copy's role logs in with, to its two servers. */
export function passwordFiles({ paths }: Pick<Copy, "paths">): Record<"database" | "queue", string> {
  return { database: join(paths.secrets, "database-password"), queue: join(paths.secrets, "queue-password") };
}

/** @throws Problem when the copy has no containers of its own, or is older than copies with a queue */
export function claimOf({ record: { name, docker } }: Copy): DockerClaim {
  if (!docker) throw new Problem(`Copy "${name}" is no docker copy.`);
  if (docker.queuePort) return docker;
  throw new Problem(`Copy "${name}" was born before copies had a queue. Begin anew: make down COPY=${name}`);
}
