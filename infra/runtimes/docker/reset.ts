import { Problem } from "../../copies/problem";
import { emptyQueueStep, migrateCopy } from "../common";
import type { Stage, Step, UpContext } from "../runtime";
import { databaseAddress, queueAddress } from "./address";
import { deploy } from "./deploy";
import { readDeployment } from "./deployment";
import { exchangeData } from "./exchange";
import { known, type Progress, preparation } from "./preparation";
import { beginReplacement, finishReplacement } from "./replacement";

/**
 * Puts a copy's data back to its dump: the one its image was baked with by a clone inside its own server, another one by
 * another volume. The API goes on with the revision that it has.
 */
export function reset(context: UpContext, answer: Step): Stage[] {
  const { copy } = context;
  const deployment = readDeployment(copy);
  // A replacement that was cut short may have taken the database away already.
  const isBaked = deployment?.dump === copy.record.dump.sha256 && deployment.replacement === undefined;
  const queueStep = emptyQueueStep(copy, async () => queueAddress(copy));
  if (isBaked) return [[queueStep], [exchangeStep(context)], [answer]];
  const progress: Progress = {};
  const ingredients = { takesDump: true, database: undefined };
  const replacement = replacementStep(context, progress);
  return [...preparation(context, progress, ingredients), [queueStep], [replacement], [answer]];
}

function exchangeStep({ copy }: UpContext): Step {
  return {
    title: "Database",
    async run() {
      await exchangeData(copy);
      // The server's template may be older than the code that asks it now.
      await migrateCopy(copy, databaseAddress(copy));
      return "the dump as it was loaded";
    },
  };
}

function replacementStep({ copy, signal }: UpContext, progress: Progress): Step {
  return {
    title: "Containers",
    async run(report) {
      const { images, sources } = known(progress, "images", "sources");
      const before = readDeployment(copy);
      if (!before) throw new Problem(`Copy "${copy.record.name}" was never deployed. Bring it up: make up`);
      beginReplacement(copy, before, { image: images.database, dump: copy.record.dump.sha256 });
      const deployment = (await finishReplacement(copy)) ?? before;
      await deploy(copy, { deployment, source: sources.provider, signal, report });
      return `database image ${images.database}`;
    },
  };
}
