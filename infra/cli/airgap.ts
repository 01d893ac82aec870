import { airgapState, airgapSteps } from "../runtimes/docker/airgap";
import { askRegistries } from "../runtimes/docker/registries";
import type { Step } from "../runtimes/runtime";
import { INTERRUPTED_EXIT_CODE, interruption } from "./interruption";
import { runStages } from "./steps";

/**
 * `copy airgap`: builds what the docker runtime needs from package registries and keeps it for all checkouts, so that
 * copies come up where no public image or provider registry answers.
 */
export async function airgap(options: { readonly ifNeeded: boolean }): Promise<void> {
  if (options.ifNeeded && (await registriesServe())) {
    console.log("The public registries answer: nothing has to be built.");
    return;
  }
  using interrupted = interruption();
  const failed = new AbortController();
  const signal = AbortSignal.any([interrupted.signal, failed.signal]);
  try {
    await runStages([(await airgapSteps(signal)).map((step) => endingTheOthers(step, failed))]);
  } catch (error) {
    if (interrupted.signal.aborted) process.exitCode = INTERRUPTED_EXIT_CODE;
    throw interrupted.signal.aborted ? interrupted.signal.reason : error;
  }
  console.log(`\n${airgapState().directory} is complete. It is used while the public registries do not answer.`);
}

async function registriesServe(): Promise<boolean> {
  const { images, provider } = await askRegistries();
  return images && provider;
}

/** Steps run side by side: when one fails, the others have no use either and end. */
function endingTheOthers(step: Step, failed: AbortController): Step {
  return {
    title: step.title,
    async run(report) {
      try {
        return await step.run(report);
      } catch (error) {
        failed.abort(error);
        throw error;
      }
    },
  };
}
