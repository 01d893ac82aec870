import { field, jsonOf, textIn } from "./json-fields";
import { type Page, pageOf, UnreadablePage } from "./page";

/** A page, and how it came. */
export interface FetchedPage {
  readonly kind: "page";
  readonly page: Page;
  /** Monotonic ms at which it was asked for, and ms until it was there. */
  readonly sentAt: number;
  readonly tookMs: number;
}

/** What the upstream answered to a request for a page, sorted by what there is to do. */
export type Answer =
  | FetchedPage
  /** The cursor is not, or no longer, known. */
  | { readonly kind: "stale"; readonly why: string }
  /** Fewer events a page, or no time window, are wanted. */
  | { readonly kind: "narrower"; readonly why: string; readonly isTooLarge?: boolean }
  /** Nothing that will change by itself within seconds: the key, the path, a redirect. */
  | { readonly kind: "closed"; readonly why: string }
  /** Something that passes: another attempt may succeed. */
  | { readonly kind: "failed"; readonly why: string; readonly mayBeStale?: boolean };

/** An answer as it came. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  /** Monotonic ms at which it was asked for, and ms until it was there. */
  readonly sentAt: number;
  readonly tookMs: number;
}

const BAD_GATEWAY = 502;
/** What is repeated of a body in a log. */
const MOST_CHARACTERS = 120;

/** Sorts an answer other than a 429. */
export function answerOf(raw: RawAnswer): Answer {
  const { status, body } = raw;
  if (status === 200) return readPage(raw);
  const why = refusalOf(raw);
  if (status === 410 || (status === 400 && /cursor/i.test(body))) return { kind: "stale", why };
  if (status === 400 || status === 413 || status === 422)
    return { kind: "narrower", why: `${why}: ${shortened(body)}` };
  if (status === 408 || status === 425 || status >= 500) {
    return { kind: "failed", why, mayBeStale: status === BAD_GATEWAY };
  }
  if (status >= 300 && status < 400) return { kind: "closed", why: `${why} to ${hostOf(raw)}, which is not followed` };
  return { kind: "closed", why };
}

/** A status, with the code that the body gives. */
export function refusalOf({ status, body }: Pick<RawAnswer, "status" | "body">): string {
  const code = codeOf(body);
  return code ? `${status} ${code}` : String(status);
}

/** Wherever it stands. */
function codeOf(body: string): string | undefined {
  const json = jsonOf(body);
  const error = field(json, "error");
  const code = textIn(json, "code") ?? textIn(error, "code") ?? (typeof error === "string" ? error : undefined);
  return code?.replace(/[^\w .-]/g, "").slice(0, MOST_CHARACTERS);
}

function readPage({ body, sentAt, tookMs }: RawAnswer): Answer {
  try {
    return { kind: "page", page: pageOf(body), sentAt, tookMs };
  } catch (error) {
    if (!(error instanceof UnreadablePage)) throw error;
    return { kind: "failed", why: `200 with ${error.message}` };
  }
}

function shortened(body: string): string {
  return JSON.stringify(body.slice(0, MOST_CHARACTERS));
}

function hostOf({ headers }: Pick<RawAnswer, "headers">): string {
  const location = String(headers["location"] ?? "");
  return URL.canParse(location) ? new URL(location).host : "elsewhere";
}
