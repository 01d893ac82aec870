import { type FieldError, invalidRequest, type Problem } from "./problem";

/**
 * Refuses a query whose percent-encoding is broken or does not spell UTF-8 (a lone surrogate, for one). The parser
 * would pass the raw text on, and the answer would be about something that the client did not ask for.
 * @param url path and query as they came
 * @returns 400 naming the fields, or undefined when all is well
 */
export function queryEncodingProblem(url: string): Problem | undefined {
  const start = url.indexOf("?");
  if (start === -1 || url.indexOf("%", start) === -1) return undefined;
  const query = url.slice(start + 1);
  if (isDecodable(query)) return undefined;
  return invalidRequest(
    query
      .split("&")
      .filter((part) => !isDecodable(part))
      .map(encodingError),
  );
}

function encodingError(part: string): FieldError {
  const [field = "", ...value] = part.split("=");
  return { field, value: value.join("="), reason: "must be percent-encoded UTF-8" };
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
