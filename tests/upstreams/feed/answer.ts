import type { ByteText } from "./byte-text";

/** An answer before anything has gone wrong with it. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
  /** The memory of the body, to be given back when it was sent. */
  readonly text?: ByteText;
  /** The places of a page with events: its name in the statistics. */
  readonly places?: string;
}

const STATUS_TEXT = { 400: "bad request", 401: "no valid key", 403: "forbidden", 429: "too many requests" } as const;

/** An error with its code where the upstream has it. */
export function refusal(
  status: number,
  code: string,
  shape: { readonly errorBody: "error" | "code" | "nested" },
): Answer & { readonly body: string } {
  const message = STATUS_TEXT[status as keyof typeof STATUS_TEXT] ?? "the upstream has a problem";
  const bodies = { error: { error: code, message }, code: { code, message }, nested: { error: { code, message } } };
  return { status, body: JSON.stringify(bodies[shape.errorBody]) };
}
