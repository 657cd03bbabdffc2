/** What rot makes of bytes: one of them is another. Of no bytes at all it makes one. */
export function rottenBytes(bytes: Buffer): Buffer {
  if (bytes.length === 0) return Buffer.from([0xff]);
  const rotten = Buffer.from(bytes);
  const middle = Math.floor(bytes.length / 2);
  rotten.writeUInt8(bytes.readUInt8(middle) ^ 0xff, middle);
  return rotten;
}
