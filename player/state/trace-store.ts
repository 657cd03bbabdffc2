/**
 * Keeps a {@link TraceMirror} up to date over a MessageChannel with the worker, and subscribes again when a delta was
 * missed, when another worker controls the page, or when the worker turns out to have been restarted.
 */
import * as v from "valibot";
import type { SegmentTrace } from "#wire/contract/segment-trace.ts";
import type { PageMessage } from "#wire/contract/worker-messages.ts";
import { WorkerMessageSchema } from "#wire/contract/worker-messages.ts";
import type { TraceMirror } from "./trace-mirror.ts";
import { EMPTY_MIRROR, mergeTraces, takeMessage } from "./trace-mirror.ts";

/** The worker as this store needs it; `shell/worker-link.ts` is one. */
export interface TraceSource {
  /** False when no worker is there. */
  post(message: PageMessage, transfer?: Transferable[]): boolean;
  /** When this run of the worker began; undefined when it does not answer. */
  hello(): Promise<number | undefined>;
  /** Calls back when the worker may have changed. */
  listen(listener: () => void): () => void;
}

/** How long {@link TraceStore.fresh} waits for a snapshot before it answers with what is here. */
const SNAPSHOT_DEADLINE_MS = 2000;
/** Subscriptions in a row that may miss a delta before the store waits for {@link TraceStore.check}. */
const MAX_GAPS_IN_A_ROW = 5;

export class TraceStore {
  readonly #source: TraceSource;
  readonly #session: string | null;
  readonly #listeners = new Set<() => void>();
  #mirror: TraceMirror = EMPTY_MIRROR;
  #port: MessagePort | undefined;
  #stopListening: (() => void) | undefined;
  #workerStartedAtMs: number | undefined;
  #gapsInARow = 0;

  /** @param session whose traces to ask for; null asks for all */
  constructor(source: TraceSource, session: string | null = null) {
    this.#source = source;
    this.#session = session;
  }

  get mirror(): TraceMirror {
    return this.#mirror;
  }

  /** Calls back at every change, until the returned function is called. The first listener starts the conversation. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#start();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#stop();
    };
  }

  /** Asks the worker who it is, and subscribes again when it is not the one that was subscribed to. */
  async check(): Promise<void> {
    const startedAtMs = await this.#source.hello();
    if (startedAtMs === undefined || this.#listeners.size === 0) return;
    this.#gapsInARow = 0;
    if (this.#port === undefined || startedAtMs !== this.#workerStartedAtMs) this.#subscribe();
    this.#workerStartedAtMs = startedAtMs;
  }

  /** All traces as the worker knows them at this moment, with those that only this page still remembers. */
  async fresh(): Promise<readonly SegmentTrace[]> {
    const channel = new MessageChannel();
    const taken = await new Promise<readonly SegmentTrace[]>((resolve) => {
      const timer = setTimeout(() => resolve([]), SNAPSHOT_DEADLINE_MS);
      const finish = (traces: readonly SegmentTrace[]) => {
        clearTimeout(timer);
        resolve(traces);
      };
      channel.port1.onmessage = (event: MessageEvent<unknown>) => {
        const parsed = v.safeParse(WorkerMessageSchema, event.data);
        if (parsed.success && parsed.output.kind === "snapshot") finish(parsed.output.traces);
      };
      if (!this.#source.post({ kind: "subscribe", session: this.#session }, [channel.port2])) finish([]);
    });
    endPort(channel.port1);
    return [...mergeTraces([...this.#mirror.traces.values()], taken).values()];
  }

  #start(): void {
    this.#stopListening = this.#source.listen(() => void this.check());
    void this.check();
  }

  #stop(): void {
    this.#stopListening?.();
    this.#stopListening = undefined;
    this.#endSubscription();
  }

  #subscribe(): void {
    this.#endSubscription();
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = (event: MessageEvent<unknown>) => {
      if (port1 === this.#port) this.#take(event.data);
    };
    this.#port = port1;
    if (this.#source.post({ kind: "subscribe", session: this.#session }, [port2])) return;
    port1.close();
    this.#port = undefined;
  }

  #take(data: unknown): void {
    const parsed = v.safeParse(WorkerMessageSchema, data);
    if (!parsed.success) return;
    const { mirror, gap } = takeMessage(this.#mirror, parsed.output);
    if (gap) {
      this.#gapsInARow += 1;
      if (this.#gapsInARow <= MAX_GAPS_IN_A_ROW) this.#subscribe();
      else this.#endSubscription();
      return;
    }
    if (parsed.output.kind === "delta") this.#gapsInARow = 0;
    this.#change(mirror);
  }

  #endSubscription(): void {
    if (this.#port !== undefined) endPort(this.#port);
    this.#port = undefined;
  }

  #change(mirror: TraceMirror): void {
    if (mirror === this.#mirror) return;
    this.#mirror = mirror;
    for (const listener of [...this.#listeners]) listener();
  }
}

function endPort(port: MessagePort): void {
  const message: PageMessage = { kind: "unsubscribe" };
  port.onmessage = null;
  port.postMessage(message);
  port.close();
}
