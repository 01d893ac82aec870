import { STATUS_CODES } from "node:http";

/** One thing that is wrong with a request: which field, what was given (null when nothing was), and why not. */
export interface FieldError {
  readonly field: string;
  readonly value: unknown;
  readonly reason: string;
}

/** What a problem has beside its status and its detail. */
export interface ProblemDetails {
  /** What is wrong, one entry each; of a body that has too many the first, with `total` saying how many there are. */
  readonly errors?: readonly object[];
  readonly total?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** The last part of the problem's type, where clients may want to tell it from others of the same status. */
  readonly kind?: string;
  readonly cause?: unknown;
}

/** The body of an error answer, RFC 9457. `instance` is the request id. */
export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly errors?: readonly object[];
  readonly total?: number;
}

export const PROBLEM_MEDIA_TYPE = "application/problem+json";

/** A request that cannot be answered as asked. The detail is written for the client: no stack, no SQL. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly #details: ProblemDetails;

  constructor(
    readonly statusCode: number,
    detail: string,
    details: ProblemDetails = {},
  ) {
    super(detail, { cause: details.cause });
    this.#details = details;
  }

  /** What it was made of, for whoever has to make it anew. */
  get details(): ProblemDetails {
    return this.#details;
  }

  get headers(): Readonly<Record<string, string>> {
    return this.#details.headers ?? {};
  }

  body(requestId: string): ProblemBody {
    const { errors, total, kind } = this.#details;
    return {
      type: kind === undefined ? "about:blank" : `urn:rates:problem:${kind}`,
      title: STATUS_CODES[this.statusCode] ?? "Error",
      status: this.statusCode,
      detail: this.message,
      instance: requestId,
      ...(errors && { errors }),
      ...(total !== undefined && { total }),
    };
  }
}

/** How many errors one answer lists, and how much of a refused value it repeats: enough to find them, not to flood. */
const MOST_ERRORS = 100;
const MOST_CHARACTERS = 200;

/** 400 with the fields that are wrong. */
export function invalidRequest(errors: readonly FieldError[]): Problem {
  const named = [...new Set(errors.map(({ field }) => field))].slice(0, MOST_ERRORS).join(", ");
  return new Problem(400, `The request is not valid: see ${shortened(named)}.`, {
    kind: "invalid-request",
    errors: errors.slice(0, MOST_ERRORS).map((error) => ({ ...error, value: shortened(error.value) })),
  });
}

function shortened(value: unknown): unknown {
  if (typeof value === "string" && value.length > MOST_CHARACTERS) return `${value.slice(0, MOST_CHARACTERS)}...`;
  return Array.isArray(value) ? value.slice(0, MOST_ERRORS).map(shortened) : value;
}
