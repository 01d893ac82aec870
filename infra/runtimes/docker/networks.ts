import { useEngine } from "../../images/engine";

/** The subnets of every network the engine has, whoever made it. */
export async function engineSubnets(): Promise<string[]> {
  const ids = (await useEngine(["network", "ls", "--quiet"])).split("\n").filter((line) => line !== "");
  if (ids.length === 0) return [];
  const format = "{{range .IPAM.Config}}{{println .Subnet}}{{end}}";
  return (await useEngine(["network", "inspect", "--format", format, ...ids]))
    .split("\n")
    .filter((line) => line !== "");
}
