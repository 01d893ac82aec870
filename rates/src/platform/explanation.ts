/** What an error and its causes say, in one line: for people, where a stack would only hide it. */
export function explanationOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message} (${explanationOf(error.cause)})`;
}
