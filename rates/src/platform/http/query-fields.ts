import * as Type from "typebox";
import { VALID_TEXT } from "./validation";

/** Most entries of a list on one page, and how many there are unless told otherwise. */
const MOST_LISTED = 1_000;
const DEFAULT_LISTED = 100;

/** A name of the data. PostgreSQL's text cannot hold NUL, so nothing is named so and no query could ask for it. */
export function nameField(description: string, example: string) {
  return Type.Optional(
    Type.String({
      minLength: 1,
      pattern: "^[^\\u0000]*$",
      description,
      examples: [example],
      [VALID_TEXT]: "text without NUL characters",
    }),
  );
}

/** How many entries a page is to have. @param what the entries */
export function limitField(what: string) {
  return Type.Optional(
    Type.String({
      pattern: "^([1-9][0-9]{0,2}|1000)$",
      description: `Most ${what} to list; ${DEFAULT_LISTED} unless given`,
      examples: ["20"],
      [VALID_TEXT]: `an integer from 1 to ${MOST_LISTED}`,
    }),
  );
}

/** The number that a `limitField` stands for. */
export function limitOf(limit: string | undefined): number {
  return Number(limit ?? DEFAULT_LISTED);
}
