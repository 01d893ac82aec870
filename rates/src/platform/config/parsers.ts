import type { Parser } from "./variable";

/** Where a PostgreSQL database is and as whom to enter it. It never holds a password. */
export interface DatabaseAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
}

/** An integer in plain decimal digits, both bounds included. */
export function integer(least: number, most: number): Parser<number> {
  return {
    valid: `an integer from ${least} to ${most}`,
    parse(text) {
      const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
      return value >= least && value <= most ? value : undefined;
    },
  };
}

/** One of a fixed list of words. */
export function choice<Word extends string>(...words: readonly Word[]): Parser<Word> {
  return { valid: `one of ${words.join(", ")}`, parse: (text) => words.find((word) => word === text) };
}

/** Text that matches a pattern, described in words. */
export function matching(pattern: RegExp, valid: string): Parser<string> {
  return { valid, parse: (text) => (pattern.test(text) ? text : undefined) };
}

/** The path of a file; whether it can be read is found out when it is read, so that it may come later or change. */
export const filePath: Parser<string> = matching(/^[^\0]+$/, "the path of a file");

/** A key or token. What was given is never shown. */
export const secret: Parser<string> = {
  ...matching(/^[\x21-\x7e]{1,1024}$/, "1 to 1,024 visible ASCII characters"),
  found: (text) => `a text of ${text.length} characters (not shown)`,
};

/** `https://host[:port][/path]` without user, query and fragment; a slash at its end is left out. */
export const httpUrl: Parser<string> = {
  valid: "http://host or https://host, with a port and a path if need be, and nothing more",
  parse(text) {
    const url = parseUrl(text);
    if (url === undefined || !/^https?:$/.test(url.protocol) || url.username + url.password !== "") return undefined;
    return url.search + url.hash === "" ? `${url.origin}${url.pathname.replace(/\/+$/, "")}` : undefined;
  },
  found: (text) => `a text of ${text.length} characters that is none (not shown: it may hold a secret)`,
};

/**
 * `postgres://user@host:port/database`, with nothing more: no password, no parameters.
 * @param passwordVariable names the file that holds the password
 */
export function databaseUrl(passwordVariable: string): Parser<DatabaseAddress> {
  return {
    valid:
      "postgres://user@host:port/database without parameters and without a password " +
      `(write the password to a file and name the file in ${passwordVariable})`,
    parse(text) {
      const url = parseUrl(text);
      return url === undefined || url.password !== "" ? undefined : addressOf(url);
    },
    found: faultsOf,
  };
}

/** Nothing of the text itself: a slip of the pen may have put the password into any part of it. */
function faultsOf(text: string): string {
  const url = parseUrl(text);
  if (url === undefined)
    return `a text of ${text.length} characters that is no URL (not shown: it may hold a password)`;
  const faults = [
    url.password !== "" && "a password (not shown)",
    url.search + url.hash !== "" && "parameters (not shown: they may hold a password)",
    !/^postgres(ql)?:$/.test(url.protocol) && "another protocol than postgres",
    url.username === "" && "no user",
    url.pathname.length < 2 && "no database",
  ];
  return `a URL with ${faults.filter(Boolean).join(", ") || "a part that is not valid"}`;
}

function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

function addressOf(url: URL): DatabaseAddress | undefined {
  const database = decoded(url.pathname.slice(1));
  const user = decoded(url.username);
  // An IPv6 host is written in brackets in a URL and without them everywhere else.
  const host = decoded(url.hostname.replace(/^\[(.*)\]$/, "$1"));
  const port = Number(url.port || 5432);
  const isPlain = /^postgres(ql)?:$/.test(url.protocol) && url.search === "" && url.hash === "";
  return isPlain && host && port && user && database ? Object.freeze({ host, port, user, database }) : undefined;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
