import type { Copy, DatabaseAddress } from "../../copies/copy";
import { enginePlace } from "../../copies/engine-place";
import { Problem } from "../../copies/problem";
import { databasePasswordFile } from "./stack-props";

/** Where people and commands reach the copy's database, from outside its network. */
export function databaseAddress(copy: Copy): DatabaseAddress {
  const { docker, name } = copy.record;
  if (!docker) throw new Problem(`Copy "${name}" is no docker copy.`);
  const { host } = enginePlace(docker.engine);
  const passwordFile = databasePasswordFile(copy);
  return { host, port: docker.databasePort, database: "rates", user: "rates", passwordFile };
}
