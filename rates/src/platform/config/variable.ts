/** Turns the text of a variable into its value; `valid` says in words what it accepts. */
export interface Parser<Value> {
  readonly valid: string;
  /** The value, or undefined when the text is not valid. Never called with an empty text. */
  parse(text: string): Value | undefined;
  /** What to print of a refused text; left out where the text itself may be printed. */
  found?(text: string): string;
}

interface Documentation {
  /** What the variable is for, in one or two sentences. */
  readonly about: string;
  readonly example: string;
  readonly unit?: string;
}

/**
 * One environment variable: how it is read and how it is explained. An empty text always means "not set".
 * `fallback` is the text used when it is not set, and is empty for required and optional variables.
 */
export interface Variable<Value> extends Documentation {
  readonly parser: Parser<Value>;
  readonly presence: "required" | "optional" | "default";
  readonly fallback: string;
}

/** A variable without which the service does not start. */
export function required<Value>(parser: Parser<Value>, documentation: Documentation): Variable<Value> {
  return { ...documentation, parser, presence: "required", fallback: "" };
}

/** A variable whose value is undefined when it is not set. */
export function optional<Value>(parser: Parser<Value>, documentation: Documentation): Variable<Value | undefined> {
  return { ...documentation, parser, presence: "optional", fallback: "" };
}

/** A variable with a default, which is given as text so that the reference prints what a user would write. */
export function defaulted<Value>(
  parser: Parser<Value>,
  documentation: Documentation & { fallback: string },
): Variable<Value> {
  return { ...documentation, parser, presence: "default" };
}
