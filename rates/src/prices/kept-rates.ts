import type { IncomingMessage } from "node:http";
import type { ReadyAnswer, ReadyAnswers } from "../platform/http/front";
import { readyAnswer } from "./answer";
import type { AnswerCache } from "./answer-cache";
import { leastVersion } from "./data-version-header";

/** The answers of `GET /rates` that are kept: what is kept under a URL was asked for by a valid request. */
export function keptRates(cache: AnswerCache): ReadyAnswers {
  return {
    route: "/rates",
    find({ url = "", headers }: IncomingMessage): ReadyAnswer | undefined {
      const least = leastVersion(headers);
      const kept = least === undefined ? undefined : cache.find(url, least);
      return kept && readyAnswer(kept, headers["if-none-match"]);
    },
  };
}
