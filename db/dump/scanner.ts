import { type Fault, MAKE_AGAIN, quoted } from "./error";
import { CRLF } from "./format";

/** One SQL statement, or one of psql's commands (`\restrict ...`). */
export interface Statement {
  /** Where it begins. */
  readonly line: number;
  /** As it is in the file, without its semicolon. */
  readonly text: string;
  /** Its words with one space between them and no comments; in lower case but for what is in quotes. */
  readonly words: string;
}

/** Comments, names and numbers; then any other character alone. Quotes are taken by `closingQuote`. */
const TOKEN = /\s+|--.*|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*|\d+(?:\.\d+)?|[^'"]/y;

/** What is between words: space and comments. */
const BLANK = /^(\s|--)/;

/** A name that means the same without its quotes. */
const PLAIN_NAME = /^"[a-z_][a-z0-9_]*"$/;

/** pg_dump's statements about three tables are short; a comment on a table may be long. */
const LONGEST_STATEMENT = 1024 * 1024;

/**
 * Cuts the lines outside COPY blocks into statements. It knows what pg_dump's statements about tables are made of: names,
 * strings, comments to the end of a line. A function's body is cut in pieces, and its first piece is refused.
 */
export class StatementScanner {
  readonly #fault: Fault;
  #words: string[] = [];
  #text = "";
  /** Where the statement began, 0 between statements. */
  #line = 0;
  /** The name or string that goes on in the next line, as far as it has come. */
  #open: string | undefined;

  constructor(fault: Fault) {
    this.#fault = fault;
  }

  /** Whether the last statement is complete. */
  get isIdle(): boolean {
    return this.#line === 0;
  }

  /** The statement that the lines so far leave open. */
  get unfinished(): Statement {
    return { line: this.#line, text: this.#text.trim(), words: this.#words.join(" ") };
  }

  /** @returns the statements that end on this line */
  push(line: string, number: number): Statement[] {
    if (this.isIdle && line.startsWith("\\")) return [{ line: number, text: line, words: line }];
    const statements: Statement[] = [];
    for (let at = 0; at < line.length; ) {
      const { token, end } = this.#nextToken(line, at, number);
      if (token === ";") statements.push(this.#finish());
      else this.#add(token, { text: line.slice(at, end), number });
      at = end;
    }
    if (!this.isIdle) this.#endLine();
    return statements;
  }

  /** The token is undefined where it goes on in the next line. */
  #nextToken(line: string, at: number, number: number): { token: string | undefined; end: number } {
    const quote = (this.#open ?? line).charAt(this.#open === undefined ? at : 0);
    if (quote === "'" || quote === '"') return this.#quotedToken(line, at, quote);
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(line)?.[0] ?? line.charAt(at);
    if (token.endsWith("\r")) throw this.#fault(number, CRLF);
    return { token, end: at + token.length };
  }

  #quotedToken(line: string, at: number, quote: string): { token: string | undefined; end: number } {
    const begun = this.#open;
    const end = closingQuote(line, begun === undefined ? at + 1 : at, quote);
    const text = (begun ?? "") + line.slice(at, end);
    this.#open = end === undefined ? text : undefined;
    return { token: end === undefined ? undefined : text, end: end ?? line.length };
  }

  #add(token: string | undefined, { text, number }: { text: string; number: number }): void {
    const isWord = token === undefined || !BLANK.test(token);
    if (this.isIdle && isWord) this.#line = number;
    if (!this.isIdle) this.#text += text;
    if (token !== undefined && isWord) this.#words.push(normalised(token));
  }

  #endLine(): void {
    this.#text += "\n";
    if (this.#open !== undefined) this.#open += "\n";
    if (this.#text.length <= LONGEST_STATEMENT) return;
    const found = `a statement of more than ${LONGEST_STATEMENT} characters: ${quoted(this.#text)}`;
    throw this.#fault(this.#line, `${found}; ${MAKE_AGAIN}`);
  }

  #finish(): Statement {
    const statement = this.unfinished;
    this.#words = [];
    this.#text = "";
    this.#line = 0;
    return statement;
  }
}

/** @returns the place after the closing quote, undefined where the line has none; a doubled quote stands for itself */
function closingQuote(line: string, from: number, quote: string): number | undefined {
  for (let at = line.indexOf(quote, from); at !== -1; at = line.indexOf(quote, at + 2)) {
    if (line.charAt(at + 1) !== quote) return at + 1;
  }
  return undefined;
}

function normalised(token: string): string {
  if (PLAIN_NAME.test(token)) return token.slice(1, -1);
  return /^['"]/.test(token) ? token : token.toLowerCase();
}
