/**
 * Gives up what was written for a version that nobody decided: the record that stands is proposed once more, one version on.
 * Whoever still wants that version loses by compare-and-set, and nodes give up what they were given for it.
 */
import type { Position } from "#core/placement/position.ts";
import type { ChunkRecord } from "#core/placement/record.ts";
import type { IndexDecidedPorts } from "./index-decided.ts";
import { indexDecided } from "./index-decided.ts";

/**
 * @param record that stands
 * @throws VStackError `unavailable` when nobody can decide now: it may be done again
 */
export async function raiseVersion(
  position: Position,
  record: ChunkRecord,
  ports: IndexDecidedPorts,
  signal: AbortSignal,
): Promise<void> {
  await ports.register.propose(position, { ...record, version: record.version + 1 }, record.version);
  await indexDecided(position, ports, signal);
}
