import type { CopyRecord } from "../copies/registry";
import { buildService, type ServiceBundle } from "../images/api/bundle";
import type { Inspection, Step, UpContext } from "./runtime";

/** What every runtime begins with: the service as one file, handed on in `built`. */
export function buildStep({ copy }: UpContext, built: { bundle?: ServiceBundle }): Step {
  return {
    title: "Build the service",
    async run() {
      built.bundle = await buildService(copy.checkout.root);
      return built.bundle.hash.slice(0, 12);
    },
  };
}

/** How a copy is by its record alone; undefined where it should run and has to be looked at. */
export function inspectIntent({ intent }: CopyRecord): Inspection | undefined {
  if (intent === "stopped") return { state: "stopped" };
  if (intent === "running") return undefined;
  const again = intent === "birth" ? "up" : "down";
  return { state: "unfinished", detail: `its ${intent} was cut short; make ${again} finishes it` };
}
