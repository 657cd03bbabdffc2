/**
 * Whether an MP4 or MOV lost its end: its boxes lie one behind the other (ISO/IEC 14496-12 section 4.2), and the length of a
 * cut one reaches beyond the file. ffmpeg would make a shorter film of it and call that a success.
 */
import { open } from "node:fs/promises";
import { damaged } from "../package/refusals.ts";

/** Of boxes that matter; padding and leftovers at the end do not. */
const NEEDED = ["mdat", "moov", "moof"];
const HEADER_BYTES = 16;
/** A fragmented film of a day has some 50,000 boxes. */
const MAX_BOXES = 200_000;

/** @throws UnsupportedMediaError `damaged` when the end is missing; Error of `node:fs` */
export async function refuseCutMp4(path: string, sizeBytes: number): Promise<void> {
  const file = await open(path, "r");
  try {
    const header = Buffer.alloc(HEADER_BYTES);
    let at = 0;
    for (let box = 0; box < MAX_BOXES && at + 8 <= sizeBytes; box += 1) {
      await file.read(header, 0, HEADER_BYTES, at);
      const shortBytes = header.readUInt32BE(0);
      const lengthBytes = shortBytes === 1 ? Number(header.readBigUInt64BE(8)) : shortBytes;
      const type = header.toString("latin1", 4, 8);
      // Length 0: up to the end of the file. Nonsense is for a parser to complain about.
      if (lengthBytes < 8) return;
      if (at + lengthBytes > sizeBytes && NEEDED.includes(type)) {
        const missing = at + lengthBytes - sizeBytes;
        throw damaged(`${missing} of its bytes are missing at the end`);
      }
      at += lengthBytes;
    }
  } finally {
    await file.close();
  }
}
