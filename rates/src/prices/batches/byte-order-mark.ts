const MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** How many bytes of a byte order mark a payload begins with: 3 or none. */
export function markLength(bytes: Buffer): number {
  return bytes.subarray(0, MARK.length).equals(MARK) ? MARK.length : 0;
}
