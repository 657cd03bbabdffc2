/**
 * The page's line to the emulated networks: asks each second what holds, and orders one thing after the other. What was
 * asked before an order and answered after it is old, and not believed.
 */
import { metadataClient } from "#wire/client/metadata-client.ts";
import type { ClearChoice, NetworkAskWords, NetworksAnswer, PathChange } from "#wire/contract/emulation-api.ts";
import { VStackError } from "#wire/contract/errors.ts";

const POLL_MS = 1000;
/** Sliders moved by keys come as many changes: those within this time are one order. */
const GATHER_MS = 150;

export type LabStatus = "asking" | "lab" | "no-lab";

export interface LabView {
  readonly status: LabStatus;
  readonly answer: NetworksAnswer | undefined;
  /** Unix milliseconds of the server's clock minus ours. */
  readonly clockOffsetMs: number;
  /** Why the last order was not carried out, until the next one. */
  readonly orderTrouble: string;
  /** Why the state could not be asked for, until it can. */
  readonly pollTrouble: string;
  /** Nodes, by id, whose ordered values are not confirmed. */
  readonly pending: ReadonlySet<string>;
}

const NOTHING_YET: LabView = {
  ...{ status: "asking", answer: undefined, clockOffsetMs: 0, orderTrouble: "", pollTrouble: "", pending: new Set() },
};

export class LabLink {
  readonly #client = metadataClient("");
  readonly #signal: AbortSignal;
  readonly #onChange: (view: LabView) => void;
  #view = NOTHING_YET;
  /** One for each change of what was ordered. */
  #edition = 0;
  #orders: Promise<unknown> = Promise.resolve();
  #gathered = new Map<string, PathChange>();
  #gathering: ReturnType<typeof setTimeout> | undefined;

  constructor(onChange: (view: LabView) => void, signal: AbortSignal) {
    this.#onChange = onChange;
    this.#signal = signal;
    const timer = setInterval(() => {
      if (document.visibilityState === "visible" && this.#view.status !== "no-lab") void this.#poll();
    }, POLL_MS);
    signal.addEventListener("abort", () => {
      clearInterval(timer);
      clearTimeout(this.#gathering);
    });
    void this.#poll();
  }

  /** @returns whether it was done; when not, the view says why */
  async set(ask: NetworkAskWords): Promise<boolean> {
    return await this.#order(() => this.#client.setNetwork(ask, this.#signal));
  }

  async clear(choice: ClearChoice): Promise<boolean> {
    return await this.#order(() => this.#client.clearNetworks(choice, this.#signal));
  }

  /** Values of a node's path, ordered together with others that come at the same time. */
  setPath(nodeId: string, path: PathChange, session: string | null): void {
    this.#gathered.set(nodeId, { ...this.#gathered.get(nodeId), ...path });
    this.#change({ pending: new Set([...this.#view.pending, nodeId]) });
    clearTimeout(this.#gathering);
    this.#gathering = setTimeout(() => void this.#orderGathered(session), GATHER_MS);
  }

  async #orderGathered(session: string | null): Promise<void> {
    const gathered = this.#gathered;
    this.#gathered = new Map();
    const nodes = [...gathered].map(([nodeId, path]) => ({ nodeId, path }));
    await this.set({ by: "values", session, nodes });
    const done = [...this.#view.pending].filter((nodeId) => !gathered.has(nodeId) || this.#gathered.has(nodeId));
    this.#change({ pending: new Set(done) });
  }

  async #order(run: () => Promise<NetworksAnswer>): Promise<boolean> {
    this.#edition += 1;
    const order = this.#orders.then(run);
    this.#orders = order.catch(() => undefined);
    try {
      const answer = await order;
      this.#edition += 1;
      this.#take(answer);
      this.#change({ orderTrouble: "" });
      return true;
    } catch (error) {
      this.#fail(error, "orderTrouble");
      return false;
    }
  }

  async #poll(): Promise<void> {
    const edition = this.#edition;
    try {
      const answer = await this.#client.networks(this.#signal);
      if (edition === this.#edition) this.#take(answer);
      else this.#change({ pollTrouble: "" });
    } catch (error) {
      this.#fail(error, "pollTrouble");
    }
  }

  #take(answer: NetworksAnswer): void {
    this.#change({ status: "lab", answer, pollTrouble: "", clockOffsetMs: answer.nowMs - Date.now() });
  }

  #fail(error: unknown, where: "orderTrouble" | "pollTrouble"): void {
    if (this.#signal.aborted) return;
    const isNoLab = error instanceof VStackError && error.code === "not-found";
    if (isNoLab) this.#change({ status: "no-lab", orderTrouble: "", pollTrouble: "" });
    else this.#change({ [where]: error instanceof Error ? error.message : String(error) });
  }

  #change(parts: Partial<LabView>): void {
    if (this.#signal.aborted) return;
    this.#view = { ...this.#view, ...parts };
    this.#onChange(this.#view);
  }
}
