type Headers = Readonly<Record<string, string | string[] | undefined>>;

/**
 * The version of the data that the client has seen already, by its `X-Data-Version`.
 * @returns 0 where it does not say, undefined where what it says is no version
 */
export function leastVersion({ "x-data-version": given }: Headers): number | undefined {
  if (given === undefined) return 0;
  return typeof given === "string" && /^\d{1,15}$/.test(given) ? Number(given) : undefined;
}
