import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Readable, Transform } from "node:stream";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";

/** How often, in ms, the progress is told. */
const PROGRESS_MS = 250;

/** A batch in a file, and where to send it. */
export interface FilePost {
  readonly url: URL;
  /** `-` is standard input, which is kept in a temporary file first where there is no key: the key is its hash. */
  readonly file: string;
  readonly type: string;
  readonly isGzip: boolean;
  readonly key: string | undefined;
  /** Is told how far it is, once in a while. */
  readonly onProgress: (sent: number, total: number | undefined) => void;
}

export interface FileAnswer {
  readonly status: number;
  readonly body: string;
}

/** Sends a file as one batch, as it is read. The key is the SHA-256 of the file unless given, so that a retry is safe. */
export async function postFile(post: FilePost): Promise<FileAnswer> {
  await using source = await openSource(post);
  const key = post.key ?? (await hashOf(source.path ?? post.file));
  const total = source.path === undefined ? undefined : (await stat(source.path)).size;
  return await send(post, { key, total, body: source.open() });
}

interface Source extends AsyncDisposable {
  /** Undefined for standard input that is read as it comes. */
  readonly path: string | undefined;
  open(): Readable;
}

async function openSource({ file, key }: FilePost): Promise<Source> {
  const nothing = async () => {};
  if (file !== "-") return { path: file, open: () => createReadStream(file), [Symbol.asyncDispose]: nothing };
  if (key !== undefined) return { path: undefined, open: () => process.stdin, [Symbol.asyncDispose]: nothing };
  const folder = await mkdtemp(join(tmpdir(), "rates-batch-"));
  const path = join(folder, "stdin");
  await pipeline(process.stdin, createWriteStream(path));
  return {
    path,
    open: () => createReadStream(path),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

async function send(post: FilePost, { key, total, body }: { key: string; total: number | undefined; body: Readable }) {
  const headers = {
    "Content-Type": post.type,
    "Idempotency-Key": key,
    ...(post.isGzip && { "Content-Encoding": "gzip" }),
  };
  const sent = request(new URL("/batches", post.url), { method: "POST", headers, agent: false });
  const answered = new Promise<FileAnswer>((resolve, reject) => {
    sent.once("error", reject).once("response", (response) => {
      text(response).then((content) => resolve({ status: response.statusCode ?? 0, body: content }), reject);
    });
  });
  // An answer that comes before the end of the body is the one that counts, and the rest of the body is not.
  const written = pipeline(body, meter(total, post.onProgress), sent).then(() => answered);
  return await Promise.any([answered, written]).catch((error: AggregateError) => {
    throw error.errors[0];
  });
}

function meter(total: number | undefined, onProgress: FilePost["onProgress"]): Transform {
  let sent = 0;
  let told = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sent += chunk.length;
      if (performance.now() - told > PROGRESS_MS) {
        told = performance.now();
        onProgress(sent, total);
      }
      done(null, chunk);
    },
    flush(done) {
      onProgress(sent, total);
      done();
    },
  });
}
