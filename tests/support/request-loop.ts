/** Clients that ask one question after another until they are told to end. */
export interface RequestLoop extends AsyncDisposable {
  /** @returns what failed, how many were answered, and the revisions that answered, in the order of first answers */
  end(): Promise<LoopOutcome>;
}

export interface LoopOutcome {
  readonly failed: readonly string[];
  readonly answered: number;
  readonly revisions: readonly (string | null)[];
}

const QUESTION = "rates?date_from=2021-01-31&date_to=2021-01-31&orig_code=CNGGZ&dest_code=EETLL";

/** Asks as clients do that know nothing of what happens to the copy. */
export function requestLoop(url: string, clients = 1): RequestLoop {
  const control = { ends: false };
  const failed: string[] = [];
  const revisions = new Set<string | null>();
  let answered = 0;
  const ask = async () => {
    while (!control.ends) {
      try {
        const response = await fetch(`${url}/${QUESTION}`);
        const text = await response.text();
        revisions.add(response.headers.get("x-revision"));
        if (response.status === 200) answered += 1;
        else failed.push(`${response.status} ${text}`);
      } catch (error) {
        failed.push(String(error));
      }
    }
  };
  const asking = Promise.all(Array.from({ length: clients }, ask));
  const end = async () => {
    control.ends = true;
    await asking;
    return { failed, answered, revisions: [...revisions] };
  };
  return { end, [Symbol.asyncDispose]: async () => void (await end()) };
}
