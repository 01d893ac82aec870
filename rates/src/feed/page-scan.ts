import { COMMA, type Element, QUOTE, stepOf, stringEnd } from "../platform/values/json-scan";

/** A page's list of events, each as its own text, and the document without them. */
export interface ScannedPage {
  readonly elements: readonly Element[];
  /** The document with an empty list; it is not checked to be JSON. */
  readonly rest: string;
}

const LIST_NAME = '"data"';
const OPEN = 0x5b;
const CLOSE = 0x5d;
const COLON_AND_OPEN = /\s*:\s*\[/y;

/**
 * Cuts the events out of a page: `{"data":[...], ...}` or a bare list. Each keeps the text it was sent as, which is what is
 * stored, and numbers that a double does not hold stay whole.
 * @returns undefined where there is no such list or it does not end
 */
export function scanPage(text: string): ScannedPage | undefined {
  const start = listStart(text);
  return start === undefined ? undefined : scanList(text, start);
}

/** The index of the bracket that opens the list: a member of the outermost object. */
function listStart(text: string): number | undefined {
  const first = text.search(/\S/);
  if (text.charCodeAt(first) === OPEN) return first;
  let depth = 0;
  for (let at = 0; at < text.length; ) {
    const code = text.charCodeAt(at);
    depth += stepOf(code);
    if (code !== QUOTE) {
      at += 1;
      continue;
    }
    const end = stringEnd(text, at);
    COLON_AND_OPEN.lastIndex = end;
    if (depth === 1 && text.startsWith(LIST_NAME, at) && COLON_AND_OPEN.test(text)) return COLON_AND_OPEN.lastIndex - 1;
    at = end;
  }
  return undefined;
}

function scanList(text: string, open: number): ScannedPage | undefined {
  const elements: Element[] = [];
  let [start, depth, deepest] = [open + 1, 0, 0];
  const take = (end: number) => {
    const element = text.slice(start, end).trim();
    if (element !== "") elements.push({ text: element, depth: deepest });
    [start, deepest] = [end + 1, 0];
  };
  for (let at = open + 1; at < text.length; ) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = stringEnd(text, at);
      continue;
    }
    if (depth === 0 && code === CLOSE) {
      take(at);
      return { elements, rest: `${text.slice(0, open)}[]${text.slice(at + 1)}` };
    }
    if (depth === 0 && code === COMMA) take(at);
    depth += stepOf(code);
    if (depth > deepest) deepest = depth;
    at += 1;
  }
  return undefined;
}
