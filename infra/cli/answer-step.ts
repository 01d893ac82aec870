import { openCopyDatabase } from "../copies/connection";
import { type Copy, ratesUrl } from "../copies/copy";
import { proveRates, ratesQuestionUrl } from "../copies/readiness";
import type { Runtime, Step } from "../runtimes/runtime";

/** What every command that changes a copy ends with: the copy proves its answer. The question is left in `asked`. */
export function answerStep(copy: Copy, runtime: Runtime, asked: { url?: string }): Step {
  return {
    title: "Answer",
    async run() {
      await using client = await openCopyDatabase(copy, await runtime.database(copy));
      asked.url = ratesQuestionUrl(ratesUrl(copy), await proveRates(ratesUrl(copy), client));
      return "/rates equals the task's query";
    },
  };
}
