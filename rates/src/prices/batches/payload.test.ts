import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { Problem } from "../../platform/http/problem";
import { HungUp, MOST_PIECES, Payload } from "./payload";

const PIECE = Buffer.alloc(65_536, "x");

/** A payload whose body comes as it is asked for; `asked` counts the pieces. */
function payloadOf({ isGzip = false } = {}) {
  const state = { asked: 0, put: 0 };
  const payload = new Payload({
    isGzip,
    digests: new Map(),
    maxBytes: 2 ** 40,
    ask: (pieces) => {
      state.asked += pieces;
    },
  });
  const put = (piece: Uint8Array) => {
    state.put += 1;
    payload.put(piece);
  };
  return { payload, put, state };
}

test("pieces are asked for as they are read, so that a bounded number waits", async () => {
  const { payload, put, state } = payloadOf();
  expect(state.asked).toBe(0);
  const pieces = payload.pieces();
  let next = pieces.next();
  let read = 0;
  for (let round = 0; round < 100; round += 1) {
    while (state.put < state.asked) put(PIECE);
    await next;
    read += 1;
    next = pieces.next();
    expect(state.asked - read).toBeLessThanOrEqual(MOST_PIECES + 1);
  }
  expect(state.asked).toBeGreaterThan(99);
});

test("while nobody reads, what was put in is all that is asked for, also where one piece is many when it is decoded", async () => {
  const { payload, put, state } = payloadOf({ isGzip: true });
  const pieces = payload.pieces();
  const first = pieces.next();
  const packed = gzipSync(Buffer.alloc(64 * 2 ** 20));
  for (let at = 0; at < packed.length; at += 8_192) put(packed.subarray(at, at + 8_192));
  await first;
  expect(state.asked).toBe(MOST_PIECES);
  payload.stop(new HungUp());
});

test("one that is stopped before it is read says so to whoever reads it then", async () => {
  const { payload, put } = payloadOf();
  payload.stop(new Problem(408, "late"));
  put(PIECE);
  await expect(payload.pieces().next()).rejects.toThrow("late");
});
