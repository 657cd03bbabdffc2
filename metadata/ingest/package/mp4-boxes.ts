/**
 * Finds boxes in the bytes of an MP4 (ISO/IEC 14496-12 section 4.2). A box whose length makes no sense ends the search.
 * Understands no contents.
 */

/** A box: where it begins, where its content begins, where it ends. Byte offsets. */
export interface Mp4Box {
  readonly type: string;
  readonly at: number;
  readonly contentAt: number;
  readonly endAt: number;
}

/**
 * The boxes in a range, in order, not descending into them.
 *
 * @param range may end beyond the bytes, where only the first of them are in memory
 */
export function boxesIn(bytes: Uint8Array, range: { at: number; endAt: number }): Mp4Box[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const boxes: Mp4Box[] = [];
  let at = range.at;
  while (at + 8 <= Math.min(range.endAt, bytes.length)) {
    const isLarge = view.getUint32(at) === 1 && at + 16 <= bytes.length;
    const sizeBytes = isLarge ? Number(view.getBigUint64(at + 8)) : view.getUint32(at);
    // Length 0: up to the end of what it is in.
    const endAt = sizeBytes === 0 ? range.endAt : at + sizeBytes;
    const contentAt = at + (isLarge ? 16 : 8);
    if (endAt < contentAt || endAt > range.endAt) break;
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    boxes.push({ type, at, contentAt, endAt });
    at = endAt;
  }
  return boxes;
}

/** All boxes at a path such as `["moov", "trak", "tkhd"]`, in order. */
export function findBoxes(bytes: Uint8Array, path: readonly string[]): Mp4Box[] {
  let found: Mp4Box[] = [{ type: "", at: 0, contentAt: 0, endAt: bytes.length }];
  for (const type of path) {
    found = found
      .flatMap((box) => boxesIn(bytes, { at: box.contentAt, endAt: box.endAt }))
      .filter((box) => box.type === type);
  }
  return found;
}
