import type { Page } from "./page";

/** How a page came to be asked for. */
export type PageKind =
  /** Without a cursor: the newest of the part. */
  | "start"
  /** By the cursor of the page before. */
  | "cursor"
  /** By time, or by a cursor of the other source: it has to overlap with what is stored. */
  | "resume";

/** What a page says of where the walk is. */
export type Verdict =
  | { readonly go: "on"; readonly cursor: string }
  /** It contradicts itself, or lacks what it needs to have: the same page once more. */
  | { readonly go: "again"; readonly why: string }
  /** The last events, and it says so. */
  | { readonly go: "end" }
  /** Nothing, where the list may end and a cursor that is not known any more may answer the same. */
  | { readonly go: "nothing" };

/**
 * Judges a page by itself. The words of a page are believed where they say that there is more; that there is no more is
 * believed of a page that has events.
 * @param asked the cursor that the page was asked for by
 */
export function judge(page: Page, asked: string | undefined): Verdict {
  const { events, nameless, hasMore, nextCursor } = page;
  const isEmpty = events.length + nameless === 0;
  if (nextCursor !== undefined && nextCursor === asked) {
    return isEmpty ? { go: "nothing" } : { go: "again", why: "the next cursor is the one that was asked by" };
  }
  if (nextCursor !== undefined)
    return isEmpty && hasMore !== true ? { go: "nothing" } : { go: "on", cursor: nextCursor };
  if (hasMore === true) return { go: "again", why: "it says that there is more and gives no cursor" };
  if (isEmpty) return { go: "nothing" };
  return hasMore === false ? { go: "end" } : { go: "again", why: "it does not say whether there is more" };
}
