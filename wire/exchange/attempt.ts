/**
 * One request to one node for a run of blocks: reads the body, cuts it into blocks, hashes each beside the read loop and
 * reports what happened. It judges nothing but bytes: whether to wait, retry or stop is the plan's.
 *
 * Headers: none but a single `Range` when less than the whole chunk is wanted, as any other costs a preflight per node.
 */
import type { BlockRun } from "#core/schedule/running-attempt.ts";
import type { FailureKind, PlanEvent } from "#core/schedule/plan-events.ts";
import type { Block } from "#core/placement/blocks.ts";
import { HASH_BYTES } from "#wire/client/block-list.ts";
import type { SegmentFetchPorts } from "./segment-fetch.ts";

/** What to ask for, and what the answer must hash to. */
export interface AttemptTask {
  readonly url: string;
  readonly run: BlockRun;
  /** Of what is at the address: the chunk, or a shard. */
  readonly sizeBytes: number;
  /** Where that begins in the address space of the blocks; 0 for the chunk. */
  readonly offset: number;
  /** All blocks of the chunk, and of its parity. */
  readonly blocks: readonly Block[];
  /** Raw SHA-256 of every block, concatenated. */
  readonly hashes: Uint8Array;
}

/** What happened; after `ended` or `failed` comes nothing more. */
export type AttemptReport =
  | { readonly saw: "first-byte" }
  | { readonly saw: "bytes"; readonly bytes: number }
  | {
      readonly saw: "block-ok";
      readonly block: number;
      readonly content: Uint8Array<ArrayBuffer>;
      /** Time that hashing took and that no earlier block of the attempt has counted. */
      readonly verifyMs: number;
    }
  | { readonly saw: "block-bad"; readonly block: number; readonly verifyMs: number }
  | { readonly saw: "ended" }
  | { readonly saw: "failed"; readonly kind: FailureKind; readonly detail: string };

/** What a plan is told of a report: not the bytes themselves, nor what hashing took. */
export function planEventOf(attempt: number, report: AttemptReport): PlanEvent {
  switch (report.saw) {
    case "block-ok":
    case "block-bad":
      return { saw: report.saw, attempt, block: report.block };
    case "first-byte":
    case "bytes":
    case "ended":
    case "failed":
      return { ...report, attempt };
  }
}

export type AttemptPorts = Pick<SegmentFetchPorts, "clock" | "fetch" | "digest">;

/**
 * Starts the request. Reports come later than this call returns, never within it.
 *
 * @returns stops reading, closes the connection and silences all reports, in the same tick
 */
export function startAttempt(
  task: AttemptTask,
  ports: AttemptPorts,
  report: (report: AttemptReport) => void,
): () => void {
  const stopping = new AbortController();
  const reportUntilStopped = (news: AttemptReport) => {
    if (stopping.signal.aborted) return;
    report(news);
    if (news.saw === "failed") stopping.abort();
  };
  void runAttempt(task, ports, stopping.signal, reportUntilStopped).then(reportUntilStopped);
  return () => stopping.abort();
}

type Report = (report: AttemptReport) => void;

async function runAttempt(
  task: AttemptTask,
  ports: AttemptPorts,
  signal: AbortSignal,
  report: Report,
): Promise<AttemptReport> {
  let response: Response;
  try {
    const headers = asksForPart(task) ? { range: `bytes=${rangeText(task)}` } : {};
    response = await ports.fetch(task.url, { headers, cache: "no-store", credentials: "omit", signal });
  } catch (error) {
    return { saw: "failed", kind: "refused", detail: text(error) };
  }
  const wrong = wrongAnswer(response, task);
  if (wrong !== undefined) {
    await response.body?.cancel().catch(() => undefined);
    return wrong;
  }
  const verifier = new BlockVerifier(task, ports, report);
  const ending = await readBody(response, { task, verifier, signal, report });
  // Whole blocks of a broken body are as good as any.
  await verifier.settled();
  return ending;
}

function asksForPart({ run, offset, sizeBytes }: AttemptTask): boolean {
  return run.start > offset || run.end < offset + sizeBytes;
}

function rangeText({ run, offset }: AttemptTask): string {
  return `${run.start - offset}-${run.end - 1 - offset}`;
}

/** Why the head of the answer is not what was asked for; undefined when it is. */
function wrongAnswer(response: Response, task: AttemptTask): AttemptReport | undefined {
  const { run, sizeBytes } = task;
  const bad = (detail: string): AttemptReport => ({ saw: "failed", kind: "bad-answer", detail });
  if (response.status === 404) return { saw: "failed", kind: "missing", detail: "status 404" };
  if (!response.ok) return { saw: "failed", kind: "status", detail: `status ${response.status}` };
  const wantedStatus = asksForPart(task) ? 206 : 200;
  if (response.status !== wantedStatus) return bad(`status ${response.status} instead of ${wantedStatus}`);
  const length = response.headers.get("content-length");
  if (length !== null && Number(length) !== run.end - run.start) {
    return bad(`${length} bytes announced instead of ${run.end - run.start}`);
  }
  if (wantedStatus === 200) return undefined;
  const range = response.headers.get("content-range");
  const wantedRange = `bytes ${rangeText(task)}/${sizeBytes}`;
  return range === wantedRange ? undefined : bad(`Content-Range "${range ?? ""}" instead of "${wantedRange}"`);
}

interface BodyReading {
  readonly task: AttemptTask;
  readonly verifier: BlockVerifier;
  readonly signal: AbortSignal;
  readonly report: Report;
}

async function readBody(response: Response, { task, verifier, signal, report }: BodyReading): Promise<AttemptReport> {
  const wantedBytes = task.run.end - task.run.start;
  const reader = response.body?.getReader();
  const stop = () => void reader?.cancel().catch(() => undefined);
  signal.addEventListener("abort", stop, { once: true });
  let receivedBytes = 0;
  try {
    for (;;) {
      const read = await reader?.read();
      if (read?.value === undefined) break;
      if (read.value.length === 0) continue;
      if (receivedBytes === 0) report({ saw: "first-byte" });
      receivedBytes += read.value.length;
      report({ saw: "bytes", bytes: read.value.length });
      if (receivedBytes > wantedBytes) {
        stop();
        return { saw: "failed", kind: "oversized", detail: `more than ${wantedBytes} bytes` };
      }
      verifier.take(read.value);
    }
  } catch (error) {
    return { saw: "failed", kind: "broken", detail: `${text(error)} after ${receivedBytes} bytes` };
  } finally {
    signal.removeEventListener("abort", stop);
  }
  if (receivedBytes === wantedBytes) return { saw: "ended" };
  return { saw: "failed", kind: "truncated", detail: `${receivedBytes} bytes instead of ${wantedBytes}` };
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Fills one buffer per block, which is then hashed and handed on as it is: each byte is copied once, and reading goes on
 * while hashes are computed. What waits is bounded by the run.
 */
class BlockVerifier {
  readonly #task: AttemptTask;
  readonly #ports: AttemptPorts;
  readonly #report: Report;
  readonly #hashing: Promise<void>[] = [];
  #index: number;
  #buffer: Uint8Array<ArrayBuffer>;
  #filledBytes = 0;
  #hashedUntilMs = 0;

  constructor(task: AttemptTask, ports: AttemptPorts, report: Report) {
    this.#task = task;
    this.#ports = ports;
    this.#report = report;
    this.#index = task.run.firstBlock;
    this.#buffer = this.#emptyBlock();
  }

  take(bytes: Uint8Array): void {
    for (let taken = 0; taken < bytes.length; ) {
      const part = bytes.subarray(taken, taken + this.#buffer.length - this.#filledBytes);
      this.#buffer.set(part, this.#filledBytes);
      this.#filledBytes += part.length;
      taken += part.length;
      if (this.#filledBytes === this.#buffer.length) this.#completeBlock();
    }
  }

  /** When every whole block has been reported. */
  async settled(): Promise<void> {
    await Promise.all(this.#hashing);
  }

  #emptyBlock(): Uint8Array<ArrayBuffer> {
    const block = this.#index < this.#task.run.endBlock ? this.#task.blocks[this.#index] : undefined;
    return new Uint8Array(block === undefined ? 0 : block.end - block.start);
  }

  #completeBlock(): void {
    const unhashed = (error: unknown) =>
      this.#report({ saw: "failed", kind: "broken", detail: `cannot hash: ${text(error)}` });
    this.#hashing.push(this.#verify(this.#index, this.#buffer).catch(unhashed));
    this.#index += 1;
    this.#filledBytes = 0;
    this.#buffer = this.#emptyBlock();
  }

  async #verify(block: number, content: Uint8Array<ArrayBuffer>): Promise<void> {
    const startedMs = this.#ports.clock.nowMs();
    const hash = await this.#ports.digest(content);
    const endedMs = this.#ports.clock.nowMs();
    const verifyMs = endedMs - Math.max(startedMs, this.#hashedUntilMs);
    this.#hashedUntilMs = endedMs;
    const wanted = this.#task.hashes.subarray(block * HASH_BYTES, (block + 1) * HASH_BYTES);
    const isRight = hash.every((byte, at) => byte === wanted[at]);
    this.#report(isRight ? { saw: "block-ok", block, content, verifyMs } : { saw: "block-bad", block, verifyMs });
  }
}
