import type { HttpApp } from "../platform/http/http-app";
import { tooManyWaiting } from "./limits";

/**
 * Bounds the bytes of all requests of a scope that are arriving or being worked on, by the length that each declares: what
 * one has sent is in memory before anything can be said about it. A request that comes alone is always taken.
 */
export function boundArrivingBytes(scope: HttpApp, most: number): void {
  let arriving = 0;
  scope.addHook("onRequest", (request, reply, done) => {
    const bytes = Number(request.headers["content-length"] ?? 0);
    if (arriving > 0 && arriving + bytes > most) {
      done(tooManyWaiting(`${arriving} bytes are on their way, of at most ${most} (EVENTS_MAX_WAITING_BYTES)`));
      return;
    }
    arriving += bytes;
    // Answered, or gone away half way.
    reply.raw.once("close", () => {
      arriving -= bytes;
    });
    done();
  });
}
