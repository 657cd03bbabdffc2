/**
 * Everything that the engine was told on one machine, in order, so that replay.ts can tell it again and compare the
 * answers: the estimates at the beginning, every estimate event, every step of every plan that began since, with its
 * time and the seed of its chance. Plain JSON; wire/contract/engine-recording.ts checks what comes from outside.
 */
import type { ErasureCode } from "../erasure/reed-solomon.ts";
import type { EstimateBook, EstimateEvent } from "../estimate/estimate-book.ts";
import type { LinkEstimate } from "../estimate/link-estimate.ts";
import type { NodeEstimate } from "../estimate/node-estimate.ts";
import { ownBook } from "../estimate/estimate-book.ts";
import { NodeTable } from "../estimate/node-table.ts";
import type { NodeId } from "../ids.ts";
import type { PlanCommand, PlanEvent } from "../schedule/plan-events.ts";
import type { FetchInput } from "../schedule/plan-state.ts";
import type { StrategyId } from "../schedule/strategies.ts";

/** The estimate book to the last bit, requests under way included; core/estimate/book-snapshot.ts keeps only what lasts. */
export interface RecordedBook {
  readonly nodes: readonly (readonly [NodeId, NodeEstimate])[];
  readonly link: Omit<LinkEstimate, "open"> & { readonly open: readonly (readonly [NodeId, number])[] };
  readonly hedgeBudget: number;
}

/** What a plan began with: its blocks follow from the sizes, its strategy from the name. */
export interface RecordedInput extends Omit<FetchInput, "blocks" | "coded" | "strategy"> {
  /** Left out when the chunk is kept whole. */
  readonly code?: ErasureCode;
  readonly sizeBytes: number;
  readonly blockSizeBytes: number;
  readonly strategy: StrategyId;
}

/** `fetch` counts the fetches of a recording: 0, 1, ... Times are monotonic milliseconds of the machine. */
export type RecordedNote =
  | { readonly is: "estimate"; readonly event: EstimateEvent }
  | {
      readonly is: "begin";
      readonly fetch: number;
      readonly nowMs: number;
      readonly seed: number;
      readonly input: RecordedInput;
      readonly commands: readonly PlanCommand[];
    }
  | {
      readonly is: "event";
      readonly fetch: number;
      readonly nowMs: number;
      readonly event: PlanEvent;
      readonly commands: readonly PlanCommand[];
    };

export interface Recording {
  readonly book: RecordedBook;
  readonly notes: readonly RecordedNote[];
}

/** A copy: the book may go on to learn. */
export function recordBook(book: EstimateBook): RecordedBook {
  const { nodes, link, hedgeBudget } = ownBook(book);
  return { nodes: [...nodes], link: { ...link, open: [...link.open] }, hedgeBudget };
}

export function bookOfRecord({ nodes, link, hedgeBudget }: RecordedBook): EstimateBook {
  return { nodes: NodeTable.of(nodes), link: { ...link, open: new Map(link.open) }, hedgeBudget };
}
