/**
 * A network in memory under a virtual clock: storage nodes that answer, hang, lie or refuse by order, for tests of the
 * drivers. Time passes only when the test lets it, so a hung node costs no waiting and every run is the same.
 */
import type { Clock } from "#wire/client/live-clock.ts";
import type { FetchPort } from "#wire/client/http.ts";

/** Bytes that a virtual body delivers at once, as a socket read does. */
const READ_BYTES = 16 * 1024;

/** A clock that stands still until told; sleepers wake in the order of their times. */
export interface VirtualClock extends Clock {
  /** Jumps to the next sleeper and wakes it; false when nobody sleeps. */
  wakeNext(): boolean;
  /** The program does not run: time passes, and whoever should have woken wakes late. */
  stall(ms: number): void;
}

export function createVirtualClock(): VirtualClock {
  let nowMs = 1_000;
  const sleepers = new Set<{ readonly atMs: number; readonly wake: () => void }>();
  return {
    nowMs: () => nowMs,
    wallMs: () => 1_700_000_000_000 + nowMs,
    sleep: (delayMs, signal) =>
      new Promise((resolve) => {
        const finish = () => {
          sleepers.delete(sleeper);
          signal.removeEventListener("abort", finish);
          resolve();
        };
        const sleeper = { atMs: nowMs + Math.max(0, delayMs), wake: finish };
        if (signal.aborted) {
          resolve();
          return;
        }
        sleepers.add(sleeper);
        signal.addEventListener("abort", finish, { once: true });
      }),
    stall(ms) {
      nowMs += ms;
    },
    wakeNext() {
      const [next] = [...sleepers].sort((a, b) => a.atMs - b.atMs);
      if (next === undefined) return false;
      nowMs = Math.max(nowMs, next.atMs);
      next.wake();
      return true;
    },
  };
}

/** How a virtual node behaves; without any of it, it delivers the chunk. */
export interface VirtualNode {
  latencyMs?: number;
  /** Of all its answers together. */
  rateBytesPerSecond?: number;
  refuses?: boolean;
  /** Accepts the request and never answers. */
  hangs?: boolean;
  /** Delivers this many bytes and goes silent. */
  hangsAfterBytes?: number;
  /** Closes the body after this many bytes. */
  truncatesAfterBytes?: number;
  /** The connection breaks after this many bytes. */
  breaksAfterBytes?: number;
  /** Bytes of the chunk that are wrong here. */
  flipsByteAt?: number;
  /** Bytes sent beyond what was asked for. */
  extraBytes?: number;
  status?: number;
  contentRange?: string;
  /** Answers a range with the whole chunk. */
  ignoresRange?: boolean;
}

/** One request that reached the network. */
export interface SeenRequest {
  readonly url: string;
  readonly host: string;
  readonly range: string | null;
  readonly atMs: number;
  readonly init: RequestInit;
  isAborted: boolean;
}

export interface VirtualNetwork {
  readonly fetch: FetchPort;
  readonly requests: SeenRequest[];
}

/** What is at an address; undefined: nothing is. */
export type ContentAt = (url: URL) => Uint8Array<ArrayBuffer> | undefined;

/**
 * @param content of every address, or by address
 * @param nodes by host name of their address
 */
export function createVirtualNetwork(
  clock: Clock,
  content: Uint8Array<ArrayBuffer> | ContentAt,
  nodes: ReadonlyMap<string, VirtualNode>,
): VirtualNetwork {
  const requests: SeenRequest[] = [];
  const links = new Map([...nodes.keys()].map((host) => [host, { freeAtMs: 0 }]));
  const fetch: FetchPort = async (url, init) => {
    const { host } = new URL(url);
    const signal = init.signal ?? new AbortController().signal;
    const range = new Headers(init.headers).get("range");
    const seen: SeenRequest = { url, host, range, atMs: clock.nowMs(), init, isAborted: false };
    requests.push(seen);
    signal.addEventListener("abort", () => {
      seen.isAborted = true;
    });
    const node = nodes.get(host);
    if (node === undefined || node.refuses === true) throw new TypeError("connection refused");
    await clock.sleep(node.hangs === true ? 1e12 : (node.latencyMs ?? 10), signal);
    signal.throwIfAborted();
    const chunk = typeof content === "function" ? content(new URL(url)) : content;
    if (chunk === undefined) return new Response("no", { status: 404 });
    return answer({ clock, chunk, node, signal, link: links.get(host) ?? { freeAtMs: 0 } }, range);
  };
  return { fetch, requests };
}

interface Exchange {
  readonly clock: Clock;
  readonly chunk: Uint8Array<ArrayBuffer>;
  readonly node: VirtualNode;
  readonly signal: AbortSignal;
  /** When the node has sent what it sends now. */
  readonly link: { freeAtMs: number };
}

function answer(exchange: Exchange, range: string | null): Response {
  const { node, chunk } = exchange;
  if (node.status !== undefined) return new Response("no", { status: node.status });
  const match = node.ignoresRange === true ? null : /^bytes=(\d+)-(\d+)$/.exec(range ?? "");
  const start = Number(match?.[1] ?? 0);
  const end = Number(match?.[2] ?? chunk.length - 1) + 1;
  const headers = {
    "content-range": node.contentRange ?? `bytes ${start}-${end - 1}/${chunk.length}`,
    ...(node.extraBytes === undefined ? { "content-length": String(end - start) } : {}),
  };
  return new Response(virtualBody(exchange, start, end), { status: match === null ? 200 : 206, headers });
}

function virtualBody(exchange: Exchange, start: number, end: number): ReadableStream<Uint8Array> {
  const { clock, chunk, node, signal, link } = exchange;
  const content = new Uint8Array(end - start + (node.extraBytes ?? 0));
  content.set(chunk.subarray(start, end));
  const flipped = (node.flipsByteAt ?? -1) - start;
  if (flipped >= 0 && flipped < content.length) content[flipped] = (content[flipped] ?? 0) ^ 0xff;
  let sent = 0;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const limit = Math.min(node.hangsAfterBytes ?? Infinity, node.breaksAfterBytes ?? Infinity);
        const stop = Math.min(content.length, node.truncatesAfterBytes ?? Infinity);
        if (sent >= limit && node.breaksAfterBytes === limit) throw new TypeError("connection reset");
        if (sent >= limit) await clock.sleep(1e12, signal);
        const piece = content.slice(sent, Math.min(stop, limit, sent + READ_BYTES));
        const sendMs = (piece.length * 1000) / (node.rateBytesPerSecond ?? 10e6);
        link.freeAtMs = Math.max(clock.nowMs(), link.freeAtMs) + sendMs;
        await clock.sleep(link.freeAtMs - clock.nowMs(), signal);
        signal.throwIfAborted();
        if (piece.length > 0) controller.enqueue(piece);
        sent += piece.length;
        if (sent >= stop) controller.close();
      },
    },
    { highWaterMark: 0 },
  );
}
