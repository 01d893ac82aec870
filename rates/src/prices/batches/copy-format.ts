/** PostgreSQL's binary COPY format: 11 bytes of signature, flags and the length of an extension, both 0. */
export const COPY_HEADER = Buffer.concat([Buffer.from("PGCOPY\n\xff\r\n\0", "latin1"), Buffer.alloc(8)]);
/** A field count of -1 ends the data. */
export const COPY_TRAILER = Buffer.from([0xff, 0xff]);
/** What is sent at once. Above a socket's high-water mark, so that a buffer may be used again once it was taken. */
export const COPY_BUFFER_BYTES = 65_536;
