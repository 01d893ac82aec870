import { once } from "node:events";
import { type Agent, type IncomingHttpHeaders, request } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";

/** An answer of the service as it came over the wire. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Request {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly agent?: Agent;
}

/** Asks over HTTP without touching the URL: neither path nor query is normalised or encoded. */
export async function ask(port: number, path: string, { body, ...options }: Request = {}): Promise<Answer> {
  const sent = request({ host: "127.0.0.1", port, path, agent: false, ...options });
  const answered = once(sent, "response");
  // An answer that came before the end of the body is the one that counts, and the rest of the body is not.
  sent.on("error", () => {});
  sent.end(body);
  const [response] = await answered;
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

/** Writes bytes to a connection and reads until the service closes it; for what no HTTP client would send. */
export async function askRaw(port: number, bytes: string): Promise<Answer> {
  const socket = connect({ host: "127.0.0.1", port });
  socket.write(bytes, "latin1");
  const [head = "", body = ""] = (await text(socket)).split("\r\n\r\n");
  const [statusLine = "", ...lines] = head.split("\r\n");
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 2)]),
  );
  return { status: Number(statusLine.split(" ")[1]), headers, body };
}
