/** How much of a fault or scale test is run: `ci` fits a pull request, `full` is what the documents quote. */
export type Scale = "ci" | "full";

/** SCALE from the environment; `ci` unless told otherwise. @throws Error on any other value */
function scale(): Scale {
  const asked = process.env["SCALE"] ?? "ci";
  if (asked === "ci" || asked === "full") return asked;
  throw new Error(`SCALE=${asked} is not known: use SCALE=ci or SCALE=full`);
}

/** The figure of the present scale. */
export function atScale<T>(figures: Readonly<Record<Scale, T>>): T {
  return figures[scale()];
}
