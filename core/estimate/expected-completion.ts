/** When more bytes of a node would be here, by what is believed of it. */
import type { NodeView } from "./node-estimate.ts";

/**
 * Milliseconds until `bytes` more would be here: what the node still owes us, its first byte, the bytes themselves, all
 * divided by the share of attempts that it completes. Null when the node is unknown. In-flight bytes and latency together
 * beat either alone: C3 (NSDI 2015), Prequal (NSDI 2024).
 */
export function expectedCompletionMs(view: NodeView, bytes: number): number | null {
  const { firstByteMsP50, rateBytesPerSecond, inFlightBytes, reliability } = view;
  if (firstByteMsP50 === null || rateBytesPerSecond === null) return null;
  return (firstByteMsP50 + ((inFlightBytes + bytes) * 1000) / rateBytesPerSecond) / reliability;
}
