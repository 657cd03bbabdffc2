import { expect, test, vi } from "vitest";
import type { SegmentTrace } from "#wire/contract/segment-trace.ts";
import type { PageMessage, WorkerMessage } from "#wire/contract/worker-messages.ts";
import { sampleTrace } from "./sample-trace.contract.ts";
import type { TraceSource } from "./trace-store.ts";
import { TraceStore } from "./trace-store.ts";

/** The other end of the line in memory: it answers subscriptions with what it knows, and can be restarted. */
class MemoryWorker implements TraceSource {
  startedAtMs: number | undefined = 1;
  known: SegmentTrace[] = [];
  readonly ports: MessagePort[] = [];
  readonly heard: PageMessage[] = [];
  #changed: () => void = () => undefined;

  post(message: PageMessage, transfer: Transferable[] = []): boolean {
    if (this.startedAtMs === undefined) return false;
    const [port] = transfer;
    if (message.kind !== "subscribe" || !(port instanceof MessagePort)) return true;
    port.onmessage = (event: MessageEvent<PageMessage>) => this.heard.push(event.data);
    this.ports.push(port);
    this.tell(port, { kind: "snapshot", number: 1, traces: this.known, estimates: [] });
    return true;
  }
  hello = () => Promise.resolve(this.startedAtMs);
  listen(listener: () => void): () => void {
    this.#changed = listener;
    return () => undefined;
  }
  tell(port: MessagePort | undefined, message: WorkerMessage): void {
    port?.postMessage(message);
  }
  changed(): void {
    this.#changed();
  }
  end(): void {
    for (const port of this.ports) port.close();
  }
}

async function startedStore(known: SegmentTrace[] = [sampleTrace({ id: "a" })]) {
  const worker = new MemoryWorker();
  worker.known = known;
  const store = new TraceStore(worker);
  const stop = store.listen(() => undefined);
  await vi.waitFor(() => expect(store.mirror.number).toBe(1));
  return { worker, store, stop };
}

test("TraceStore takes the snapshot and the deltas that follow", async () => {
  const { worker, store, stop } = await startedStore();
  worker.tell(worker.ports[0], { kind: "delta", number: 2, traces: [sampleTrace({ id: "b" })], estimates: [] });
  await vi.waitFor(() => expect([...store.mirror.traces.keys()]).toEqual(["a", "b"]));
  stop();
  worker.end();
});

test("TraceStore subscribes again when a delta was missed", async () => {
  const { worker, store, stop } = await startedStore();
  worker.known = [sampleTrace({ id: "a" }), sampleTrace({ id: "missed" })];
  worker.tell(worker.ports[0], { kind: "delta", number: 7, traces: [], estimates: [] });
  await vi.waitFor(() => expect(store.mirror.traces.has("missed")).toBe(true));
  expect(worker.ports).toHaveLength(2);
  stop();
  worker.end();
});

test("TraceStore stops subscribing when every delta has a gap", async () => {
  const { worker, store, stop } = await startedStore();
  for (let round = 0; round < 20; round += 1) {
    worker.tell(worker.ports.at(-1), { kind: "delta", number: 99, traces: [], estimates: [] });
    await store.fresh();
  }
  const subscriptions = worker.ports.length - 20;
  expect(subscriptions).toBeLessThanOrEqual(6);
  stop();
  worker.end();
});

test("TraceStore subscribes again when the worker was restarted, and not when it was not", async () => {
  const { worker, store, stop } = await startedStore();
  await store.check();
  expect(worker.ports).toHaveLength(1);
  worker.startedAtMs = 2;
  worker.known = [sampleTrace({ id: "after" })];
  worker.changed();
  await vi.waitFor(() => expect([...store.mirror.traces.keys()]).toContain("after"));
  expect([...store.mirror.traces.keys()]).toContain("a");
  stop();
  worker.end();
});

test("TraceStore.fresh() asks at that moment, and ends its subscription", async () => {
  const { worker, store, stop } = await startedStore();
  worker.known = [sampleTrace({ id: "just-now", startedAtMs: 2_000_000 })];
  expect((await store.fresh()).map((trace) => trace.id)).toEqual(["a", "just-now"]);
  await vi.waitFor(() => expect(worker.heard).toContainEqual({ kind: "unsubscribe" }));
  stop();
  worker.end();
});

test("TraceStore.fresh() without a worker answers with what is here", async () => {
  const worker = new MemoryWorker();
  worker.startedAtMs = undefined;
  expect(await new TraceStore(worker).fresh()).toEqual([]);
});
