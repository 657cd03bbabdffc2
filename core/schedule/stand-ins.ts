/**
 * Which block of a node can take the place of another: the same one where the node holds it, else, of a coded chunk, the one
 * of the node's own shard in the same row.
 */
import type { Block } from "../placement/blocks.ts";
import { blocksAtHand } from "./coded-blocks.ts";
import { firstMissing } from "./plan-state.ts";
import type { BlockRun } from "./running-attempt.ts";
import { blockRun } from "./running-attempt.ts";
import type { Source } from "./source.ts";
import { covers } from "./source.ts";
import type { Situation } from "./strategy.ts";

type Rows = Pick<Situation, "blocks" | "coded" | "accepted" | "running">;

/** Undefined when the node has nothing that is as good. */
function standIn(situation: Rows, source: Source, index: number): Block | undefined {
  const { blocks, coded, accepted, running } = situation;
  const block = blocks[index];
  if (block === undefined || covers(source, block)) return block;
  const row = coded?.rows[coded.places[index]?.row ?? -1];
  if (row === undefined || source.shard === undefined) return undefined;
  const other = row.blocks[source.shard] ?? null;
  if (other === null || accepted[other] === true) return undefined;
  const isAskedFor = running.some(({ firstBlock, neededEndBlock }) => firstBlock <= other && other < neededEndBlock);
  return isAskedFor ? undefined : blocks[other];
}

/** Stand-ins for the blocks [from, end), one behind the other; undefined when one of them has none. */
export function standInRun(situation: Rows, source: Source, from: number, end: number): BlockRun | undefined {
  const first = standIn(situation, source, from);
  if (first === undefined) return undefined;
  for (let index = from + 1; index < end; index += 1) {
    const next = standIn(situation, source, index);
    if (next?.index !== first.index + index - from) return undefined;
  }
  return blockRun(situation.blocks, first.index, first.index + end - from);
}

/**
 * Whether more is under way for the row of this block than it needs, or somebody else is at this very block. Who went silent
 * doubles nobody.
 */
export function isDoubled(situation: Rows, attemptId: number, index: number): boolean {
  const { coded, accepted, running } = situation;
  const rival = running.find(
    (other) => other.id !== attemptId && !other.isSilent && firstMissing(situation, other) === index,
  );
  if (rival !== undefined) return true;
  const row = coded?.rows[coded.places[index]?.row ?? -1];
  if (coded === undefined || row === undefined) return false;
  const underWay = row.blocks.filter(
    (block) =>
      block !== null &&
      accepted[block] !== true &&
      running.some((one) => !one.isSilent && one.firstBlock <= block && block < one.neededEndBlock),
  );
  return blocksAtHand(row, accepted) + underWay.length > coded.code.dataShards;
}
