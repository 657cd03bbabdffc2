/**
 * What the worker believes about the nodes. Read and changed in memory by every fetch; written behind to IndexedDB, so
 * that a worker that was killed starts with measurements instead of guesses (at most two seconds of them are lost).
 */
import { restoreBook, snapshotBook } from "#core/estimate/book-snapshot.ts";
import { emptyBook, learn, ownBook, reportNode } from "#core/estimate/estimate-book.ts";
import { NodeTable } from "#core/estimate/node-table.ts";
import type { NodeId } from "#core/ids.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import type { NodeEstimateView } from "#wire/contract/segment-trace.ts";
import type { EstimateStore } from "#wire/exchange/segment-fetch.ts";
import type { Background } from "./background.ts";
import type { Table } from "./table.ts";
import { within } from "./waiting.ts";
import { writeBehind } from "./write-behind.ts";

/**
 * The first fetch waits this long for what was written. A read takes 0.2 ms (measured, scheduling note 2.1); a database
 * that is slow to open must cost less than the guess that it would replace: a wrong first node costs a round trip.
 */
const LOAD_DEADLINE_MS = 50;
const ROW_KEY = "book";

export interface EstimatePorts {
  readonly table: Table;
  readonly clock: Clock;
  readonly background: Background;
}

export interface WorkerEstimates extends EstimateStore {
  /** Resolves when the written book is there, or after {@link LOAD_DEADLINE_MS}; it is then merged when it comes. */
  readonly ready: Promise<void>;
  /** Resolves when the written book is merged in, or cannot be had: from then on only events change the book. */
  readonly loaded: Promise<void>;
  /** Every node of the book, as the panel shows it. */
  views(nodeUrls: ReadonlyMap<NodeId, string>): NodeEstimateView[];
}

export function estimateStore({ table, clock, background }: EstimatePorts): WorkerEstimates {
  const book = ownBook(emptyBook());
  const moment = () => ({ nowMs: clock.nowMs(), wallMs: clock.wallMs() });

  async function load(): Promise<void> {
    const restored = restoreBook(await table.get(ROW_KEY), moment());
    // A node that was met since the start keeps its new estimate: it counts requests that are under way.
    if (restored !== undefined) book.nodes = NodeTable.of([...restored.nodes, ...book.nodes]);
  }
  const loaded = load();
  background.add("read the estimates", loaded);

  const changed = writeBehind(
    "write the estimates",
    async () => {
      // Not before the old book is merged in: a short-lived worker would overwrite it with the little that it met.
      await loaded;
      await table.put([{ key: ROW_KEY, order: clock.wallMs(), value: snapshotBook(book, moment()) }]);
    },
    { clock, background },
  );

  return {
    ready: within(loaded, LOAD_DEADLINE_MS, clock).then(
      () => undefined,
      () => undefined,
    ),
    loaded: loaded.catch(() => undefined),
    read: () => book,
    apply(event) {
      learn(book, event);
      changed();
    },
    views(nodeUrls) {
      const nowMs = clock.nowMs();
      return book.nodes.ids
        .sort()
        .map((nodeId) => ({ nodeId, url: nodeUrls.get(nodeId) ?? "", ...reportNode(book, nodeId, nowMs) }));
    },
  };
}
