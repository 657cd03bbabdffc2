/** What happens to the nodes of a schedule: they go away, come back, are wiped, rot, and clients complain, rightly or not. */
import type { Random } from "../../random.ts";
import { pieceText } from "../../redundancy/form.ts";
import type { ScrubItem } from "../../redundancy/scrub-plan.ts";
import { checked, planScrub, reported } from "../../redundancy/scrub-plan.ts";
import type { DiskWorld, VirtualNode } from "./disk-world.ts";
import { pick } from "./disk-world.ts";
import type { Rule } from "./rules.ts";
import type { ScheduleCounts } from "./schedule-counts.ts";

const SCRUB = { scrubCycleSeconds: 100, scrubBytesPerSecond: 1e9 };
/** With fewer left, five shards have no node each. */
const LEAST_NODES = 6;

export class Faults {
  readonly #world: DiskWorld;
  readonly #random: Random;
  readonly #without: Rule | null;
  readonly #counts: ScheduleCounts;

  constructor(world: DiskWorld, random: Random, options: { without: Rule | null; counts: ScheduleCounts }) {
    this.#world = world;
    this.#random = random;
    this.#without = options.without;
    this.#counts = options.counts;
  }

  /** A node goes away, loses its disk or goes for ever; or one piece rots. */
  strike(): void {
    if (!this.#world.mayFail()) return;
    this.#world.stamp += 1;
    const node = pick(this.#present(), this.#random);
    const lot = this.#random();
    this.#counts.failures += 1;
    if (lot < 0.35) {
      this.#away(node);
      this.#world.failure = { nodeId: node.nodeId, what: "away" };
    } else if (lot < 0.65) {
      this.#away(node);
      node.pieces.clear();
      this.#world.failure = { nodeId: node.nodeId, what: "wiped" };
    } else if (lot < 0.75 && this.#present().length > LEAST_NODES) {
      this.#away(node);
      node.pieces.clear();
      node.isGone = true;
      this.#world.failure = { nodeId: node.nodeId, what: "gone" };
    } else {
      this.#rot(node);
    }
  }

  /** A node that is away comes back. What it lost it says at once: its disk has another incarnation. */
  mend(): void {
    for (const node of this.#world.nodes.values()) {
      if (node.isUp || node.isGone) continue;
      this.#world.stamp += 1;
      node.isUp = true;
      node.sinceSeconds = this.#world.nowSeconds;
      for (const piece of this.#world.record.holders) {
        if (piece.nodeId === node.nodeId && !node.pieces.has(pieceText(piece))) {
          this.#world.knownFaulty.add(pieceText(piece));
        }
      }
    }
  }

  /** One node checks what comes first. */
  scrub(): void {
    const node = pick(this.#present(), this.#random);
    if (!node.isUp) return;
    const items = itemsOf(node, this.#world);
    const [item] = planScrub(node.scrub, items, SCRUB, 1).items;
    if (item === undefined) return;
    const stored = node.pieces.get(item.piece);
    const verdict = stored === undefined ? "missing" : stored.isRight ? "intact" : "rotten";
    const { state, command } = checked(node.scrub, item.piece, verdict, this.#world.nowSeconds);
    node.scrub = state;
    if (command.do === "quarantine-and-repair") {
      this.#world.knownFaulty.add(item.piece);
      this.#counts.rotFound += 1;
    } else if (stored !== undefined) {
      node.pieces.set(item.piece, { ...stored, checkedAtSeconds: command.atSeconds });
    }
  }

  /** A client says that a piece is wrong; half of them lie. */
  report(): void {
    const { record } = this.#world;
    const wrong = record.holders.filter((piece) => !this.#world.isRight(piece));
    const piece = pick(wrong.length > 0 && this.#random() < 0.5 ? wrong : record.holders, this.#random);
    const node = this.#world.node(piece.nodeId);
    const item = itemsOf(node, this.#world).find((one) => one.piece === pieceText(piece));
    if (!node.isUp || item === undefined) return;
    if (this.#without === "check-before-repair") {
      this.#world.stamp += 1;
      node.pieces.delete(item.piece);
      this.#world.knownFaulty.add(item.piece);
      return;
    }
    node.scrub = reported(node.scrub, item, this.#world.nowSeconds);
  }

  #present(): VirtualNode[] {
    return [...this.#world.nodes.values()].filter(({ isGone }) => !isGone);
  }

  #away(node: VirtualNode): void {
    node.isUp = false;
    node.sinceSeconds = this.#world.nowSeconds;
  }

  #rot(node: VirtualNode): void {
    for (const [text, stored] of node.pieces) {
      node.pieces.set(text, { ...stored, isRight: false });
      this.#world.failure = { nodeId: node.nodeId, what: `${text} rotten` };
      return;
    }
  }
}

/** What is on the disk, and what the record says should be: a listing alone never finds what is missing. */
function itemsOf({ nodeId, pieces }: VirtualNode, { record }: DiskWorld): ScrubItem[] {
  const items = [...pieces].map(([piece, { checkedAtSeconds }]) => ({ piece, sizeBytes: 1, checkedAtSeconds }));
  for (const piece of record.holders) {
    if (piece.nodeId !== nodeId || pieces.has(pieceText(piece))) continue;
    items.push({ piece: pieceText(piece), sizeBytes: 1, checkedAtSeconds: 0 });
  }
  return items;
}
