/**
 * A name for the content of a file, by which a broken-off upload is matched with the same file chosen again, whatever it
 * is called by then. Made of the size and of samples from beginning, middle and end, as reading a whole film would take
 * minutes. It guards against mix-ups, not against malice, so 64 bits of a simple hash (FNV-1a) do; Web Crypto is missing
 * on insecure origins, where we upload too.
 */

/** Bytes of each sample. */
const SAMPLE_BYTES = 64 * 1024;

/** @throws whatever the browser throws when the file cannot be read (moved, removed, no permission) */
export async function fileFingerprint(file: Blob): Promise<string> {
  const starts = [0, Math.floor((file.size - SAMPLE_BYTES) / 2), file.size - SAMPLE_BYTES];
  let low = 0x811c9dc5;
  let high = 0x1b873593;
  for (const start of new Set(starts.map((one) => Math.max(0, one)))) {
    for (const byte of new Uint8Array(await file.slice(start, start + SAMPLE_BYTES).arrayBuffer())) {
      low = Math.imul(low ^ byte, 0x01000193);
      // A second, differently mixed half: one of 32 bits would meet itself among many files.
      high = Math.imul((high << 5) | (high >>> 27), 0x01000193) ^ byte;
    }
  }
  return `${file.size.toString(36)}-${hex(low)}${hex(high)}`;
}

const hex = (word: number) => (word >>> 0).toString(16).padStart(8, "0");
