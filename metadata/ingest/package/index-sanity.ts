/**
 * Refuses MP4 and MOV files whose index claims absurd numbers, before mediabunny sees them. A few flipped bits in a
 * count make mediabunny 1.61 loop for minutes without a pause, or fill the memory: it expands `stts` and `ctts` entries
 * one by one, sums up a whole chunk for every sample, and believes the sample count of a `trun` (found by mutating files:
 * 205 s of CPU for one of 300). Boxes: ISO/IEC 14496-12 sections 8.6.1, 8.7.3, 8.7.4 and 8.8.8.
 * Guards against damage, not against a determined attacker: that takes a process with limits.
 */

import { type FileHandle, open } from "node:fs/promises";
import { boxesIn, type Mp4Box } from "./mp4-boxes.ts";
import { damaged } from "./refusals.ts";

/** 18 hours of video at 30 frames per second, and about 200 MB of mediabunny's tables. */
const MOST_REORDERED_SAMPLES = 2_000_000;
/** For every sample mediabunny walks its chunk: this many steps are some 30 s, for files with one chunk per track. */
const MOST_CHUNK_STEPS = 20_000_000_000;
/** A fragment is some seconds of media. */
const MOST_FRAGMENT_SAMPLES = 1_000_000;
/** 20 bytes per sample, so more than ten million samples; mediabunny reads it whole. Bytes. */
const LARGEST_INDEX_BYTES = 256 * 1024 * 1024;

const CONTAINERS = new Set(["moov", "trak", "mdia", "minf", "stbl", "moof", "traf"]);

/**
 * Passes files that are no MP4, and MP4 files with a plausible index.
 *
 * @param path file on disk
 * @param sizeBytes its size
 * @param signal stops between two boxes
 * @throws UnsupportedMediaError `damaged`
 */
export async function refuseAbsurdIndex(path: string, sizeBytes: number, signal: AbortSignal): Promise<void> {
  const file = await open(path, "r");
  try {
    let at = 0;
    while (at + 8 <= sizeBytes) {
      signal.throwIfAborted();
      const header = await readHeader(file, at, sizeBytes);
      if (header === null || (at === 0 && header.type !== "ftyp")) return;
      if (header.type === "moov" || header.type === "moof") await checkIndex(file, header);
      at = header.endAt;
    }
  } finally {
    await file.close();
  }
}

async function readHeader(file: FileHandle, at: number, sizeBytes: number): Promise<Mp4Box | null> {
  const bytes = new Uint8Array(16);
  const { bytesRead } = await file.read(bytes, 0, 16, at);
  const [box] = boxesIn(bytes.subarray(0, bytesRead), { at: 0, endAt: sizeBytes - at });
  return box === undefined ? null : { ...box, at, contentAt: at + box.contentAt, endAt: at + box.endAt };
}

async function checkIndex(file: FileHandle, box: Mp4Box): Promise<void> {
  const sizeBytes = box.endAt - box.contentAt;
  if (sizeBytes > LARGEST_INDEX_BYTES) throw damaged(`its index claims ${String(sizeBytes)} bytes`);
  const bytes = new Uint8Array(sizeBytes);
  await file.read(bytes, 0, sizeBytes, box.contentAt);
  const whole: Mp4Box = { type: box.type, at: 0, contentAt: 0, endAt: sizeBytes };
  const view = new DataView(bytes.buffer);
  if (box.type === "moof") {
    for (const trun of descend(bytes, whole).filter(({ type }) => type === "trun")) {
      const count = u32(view, trun, 4);
      if (count > MOST_FRAGMENT_SAMPLES) throw damaged(`one of its fragments claims ${String(count)} frames`);
    }
    return;
  }
  for (const trak of boxesIn(bytes, whole).filter(({ type }) => type === "trak")) checkTrack(bytes, trak);
}

/** All boxes below a container, in order. */
function descend(bytes: Uint8Array, container: Mp4Box): Mp4Box[] {
  return boxesIn(bytes, { at: container.contentAt, endAt: container.endAt }).flatMap((box) =>
    CONTAINERS.has(box.type) ? [box, ...descend(bytes, box)] : [box],
  );
}

function checkTrack(bytes: Uint8Array, trak: Mp4Box): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tables = descend(bytes, trak);
  const ofType = (type: string): Mp4Box[] => tables.filter((box) => box.type === type);
  const timedCount = sumOf(view, ofType("stts"), { rowBytes: 8, at: 0 });
  const reorderedCount = sumOf(view, ofType("ctts"), { rowBytes: 8, at: 0 });
  if (reorderedCount > 0 && Math.max(timedCount, reorderedCount) > MOST_REORDERED_SAMPLES) {
    throw damaged(`its index claims ${String(Math.max(timedCount, reorderedCount))} frames`);
  }
  const sizes = ofType("stsz").filter((box) => u32(view, box, 4) === 0);
  const sampleCount = sizes.reduce((most, box) => Math.max(most, u32(view, box, 8)), 0);
  const largestChunk = rowsOf(view, ofType("stsc"), { rowBytes: 12, at: 4 }).reduce((a, b) => Math.max(a, b), 0);
  if (sampleCount > 0 && (largestChunk > sampleCount || largestChunk * sampleCount > MOST_CHUNK_STEPS)) {
    throw damaged(`its index claims ${String(largestChunk)} frames in one chunk`);
  }
}

interface Column {
  readonly rowBytes: number;
  readonly at: number;
}

function sumOf(view: DataView, boxes: readonly Mp4Box[], column: Column): number {
  return rowsOf(view, boxes, column).reduce((sum, value) => sum + value, 0);
}

/** One column of a table: version and flags, row count, rows. Rows that the box does not hold are left out. */
function rowsOf(view: DataView, boxes: readonly Mp4Box[], column: Column): number[] {
  return boxes.flatMap((box) => {
    const held = Math.max(0, Math.floor((box.endAt - box.contentAt - 8) / column.rowBytes));
    const count = Math.min(u32(view, box, 4), held);
    return Array.from({ length: count }, (_, row) => u32(view, box, 8 + row * column.rowBytes + column.at));
  });
}

function u32(view: DataView, box: Mp4Box, at: number): number {
  return box.contentAt + at + 4 <= box.endAt ? view.getUint32(box.contentAt + at) : 0;
}
