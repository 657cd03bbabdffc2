/** The rows of the node table: what the worker believes about each node, and what the shown traces took from it. Pure. */
import type { NodeEstimateView, SegmentTrace } from "#wire/contract/segment-trace.ts";

export interface NodeFigures {
  readonly nodeId: string;
  /** Undefined when traces name a node that the worker holds no belief about. */
  readonly estimate: NodeEstimateView | undefined;
  /** Bytes received from it, by the traces. */
  readonly receivedBytes: number;
  /** Of the bytes received from all nodes, 0..1; null when there are none. */
  readonly share: number | null;
}

export function nodeFigures(estimates: readonly NodeEstimateView[], traces: Iterable<SegmentTrace>): NodeFigures[] {
  const bytesByNode = new Map<string, number>();
  let totalBytes = 0;
  for (const trace of traces) {
    for (const { nodeId, receivedBytes } of trace.attempts) {
      bytesByNode.set(nodeId, (bytesByNode.get(nodeId) ?? 0) + receivedBytes);
      totalBytes += receivedBytes;
    }
  }
  const estimateOf = new Map<string, NodeEstimateView>(estimates.map((estimate) => [estimate.nodeId, estimate]));
  const nodeIds = [...new Set([...estimateOf.keys(), ...bytesByNode.keys()])];
  return nodeIds
    .sort((a, b) => a.localeCompare(b, "en", { numeric: true }))
    .map((nodeId) => {
      const receivedBytes = bytesByNode.get(nodeId) ?? 0;
      const share = totalBytes === 0 ? null : receivedBytes / totalBytes;
      return { nodeId, estimate: estimateOf.get(nodeId), receivedBytes, share };
    });
}
