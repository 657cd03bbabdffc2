/**
 * The fetches of one program that are under way. When one of them catches a node lying, the others drop the node in the same
 * tick: what they have under way there is no longer worth its bytes.
 */
import type { NodeId } from "#core/ids.ts";

/** Tells one fetch that a node lies. */
export type TellOfLiar = (nodeId: NodeId) => void;

export class OpenFetches {
  readonly #open = new Set<TellOfLiar>();

  /** @returns leaves, once it is over */
  join(tell: TellOfLiar): () => void {
    this.#open.add(tell);
    return () => this.#open.delete(tell);
  }

  /** Tells all but the one that found out. */
  caught(nodeId: NodeId, finder: TellOfLiar): void {
    for (const tell of [...this.#open]) if (tell !== finder && this.#open.has(tell)) tell(nodeId);
  }
}
