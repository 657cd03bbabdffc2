/** The page's line to the benchmarks of a lab cluster: starts and cancels, and hears of every change. */
import { askJson } from "#wire/client/http.ts";
import type { BenchRunRecord, BenchState } from "#wire/contract/bench-api.ts";
import { BenchStateSchema } from "#wire/contract/bench-api.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { ROUTES } from "#wire/contract/paths.ts";
import * as v from "valibot";

/** A run that is cancelled has a browser and clusters to end. */
const CANCEL_DEADLINE_MS = 30_000;

export interface BenchView {
  readonly status: "asking" | "lab" | "no-lab";
  readonly state: BenchState | undefined;
  readonly trouble: string;
}

export class BenchLink {
  readonly #onChange: (view: BenchView) => void;
  readonly #signal: AbortSignal;
  #events: EventSource | undefined;
  #view: BenchView = { status: "asking", state: undefined, trouble: "" };

  constructor(onChange: (view: BenchView) => void, signal: AbortSignal) {
    this.#onChange = onChange;
    this.#signal = signal;
    signal.addEventListener("abort", () => this.#events?.close());
    void this.#ask(() => askJson(ROUTES.bench, BenchStateSchema, { signal }));
  }

  async start(mode: BenchRunRecord["mode"]): Promise<void> {
    const body = JSON.stringify({ mode });
    const headers = { "content-type": "application/json" };
    const signal = this.#signal;
    await this.#ask(() => askJson(ROUTES.bench, BenchStateSchema, { method: "POST", headers, body, signal }));
  }

  async cancel(): Promise<void> {
    const options = { method: "DELETE", signal: this.#signal, deadlineMs: CANCEL_DEADLINE_MS } as const;
    await this.#ask(() => askJson(ROUTES.bench, BenchStateSchema, options));
  }

  /** While something runs; the browser connects again by itself when the connection is lost. */
  #listen(): void {
    const events = new EventSource(ROUTES.benchEvents);
    this.#events = events;
    events.addEventListener("state", (event: MessageEvent<string>) => {
      const state = v.safeParse(BenchStateSchema, JSON.parse(event.data));
      if (state.success) this.#change({ state: state.output, trouble: "" });
    });
  }

  async #ask(ask: () => Promise<BenchState>): Promise<void> {
    try {
      this.#change({ status: "lab", state: await ask(), trouble: "" });
    } catch (error) {
      if (error instanceof VStackError && error.code === "not-found") this.#change({ status: "no-lab" });
      else this.#change({ trouble: error instanceof Error ? error.message : String(error) });
    }
  }

  #change(parts: Partial<BenchView>): void {
    if (this.#signal.aborted) return;
    this.#view = { ...this.#view, ...parts };
    const isRunning = (this.#view.state?.running ?? null) !== null;
    if (isRunning && this.#events === undefined) this.#listen();
    if (!isRunning) {
      this.#events?.close();
      this.#events = undefined;
    }
    this.#onChange(this.#view);
  }
}
