/**
 * Runs a program on an uploaded file: in its own process group, without a shell, input or secrets, within limits, ended with
 * everything it started. Its outputs are pipes (standard output, then 3, 4 ...), so that nothing lies on the disk, a reader
 * that waits holds the program back, and a program whose server was killed ends at its next write.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { addAbortListener } from "node:events";
import { readFile } from "node:fs/promises";
import { setPriority } from "node:os";
import { Readable } from "node:stream";
import { VStackError } from "#wire/contract/errors.ts";
import type { ChildLimits, Overrun } from "./child-limits.ts";
import { overrunOf } from "./child-limits.ts";

/** How often use is compared with the limits. */
const LOOK_MS = 250;
/** The end of what a program complains about is what matters. */
const MAX_COMPLAINT_CHARACTERS = 4000;
/** Linux counts memory in pages; 4 KiB on every machine that we know to run this. */
const PAGE_BYTES = 4096;
/** Viewers and uploads come first. 0 is usual, 19 is last. */
const NICENESS = 10;

export interface ChildCommand {
  readonly path: string;
  readonly words: readonly string[];
  /** Pipes besides standard output. */
  readonly pipes: number;
  /** Working folder. */
  readonly folder: string;
}

export interface ChildOptions {
  readonly limits: ChildLimits;
  readonly signal: AbortSignal;
  /** Whether we are what it waits for just now: such time is not charged to it. */
  readonly isHeldBack?: () => boolean;
}

export interface ChildEnd {
  /** Exit code; null when a signal ended it. */
  readonly code: number | null;
  readonly overrun: Overrun | null;
  /** The last of its standard error. */
  readonly complaint: string;
}

export interface LimitedChild {
  /** Standard output, then pipes 3, 4 ...; all must be read to their ends. They break off when the child is ended by us. */
  readonly outputs: readonly AsyncIterable<Uint8Array>[];
  /** Resolves when nothing of it is left. @throws the signal's reason; VStackError `internal` when it cannot be started */
  readonly ended: Promise<ChildEnd>;
  /** It shows life in another way than by writing to pipes 3, 4 ... */
  readonly alive: () => void;
  /** Ends it at once. */
  readonly stop: () => void;
}

export function startChild(command: ChildCommand, options: ChildOptions): LimitedChild {
  const { limits, signal, isHeldBack = () => false } = options;
  signal.throwIfAborted();
  const child = spawn(command.path, [...command.words], {
    cwd: command.folder,
    // A group of its own, so that whatever it starts ends with it.
    detached: true,
    stdio: ["ignore", "pipe", "pipe", ...Array.from({ length: command.pipes }, () => "pipe" as const)],
    env: { PATH: process.env["PATH"] ?? "", LC_ALL: "C", AV_LOG_FORCE_NOCOLOR: "1" },
  });
  giveWay(child);
  const [, out, complaints, ...others] = child.stdio;
  const pipes = [out, ...others].filter((pipe) => pipe instanceof Readable);
  const stop = () => {
    endGroup(child);
    // A pipe that nobody reads any more would keep the child from ever being over.
    for (const pipe of pipes) pipe.destroy();
  };
  const complaint = lastWords(complaints instanceof Readable ? complaints : undefined);
  const watch = watchUse(child, { limits, isHeldBack, stop });
  const onAbort = addAbortListener(signal, stop);
  const ended = new Promise<ChildEnd>((resolve, reject) => {
    child.once("error", (cause) => {
      reject(new VStackError("internal", `Cannot run "${command.path}"`, { cause }));
    });
    child.once("close", (code) => {
      if (signal.aborted) reject(reasonOf(signal));
      else resolve({ code, overrun: watch.overrun(), complaint: complaint() });
    });
  }).finally(() => {
    watch.end();
    onAbort[Symbol.dispose]();
  });
  // Whoever reads the outputs hears of the end first, and asks for its reason then.
  ended.catch(() => undefined);
  const outputs = pipes.map((pipe, index) =>
    counted(pipe, (sizeBytes) => {
      watch.wrote(sizeBytes);
      // Standard output may say again and again that nothing has happened.
      if (index > 0) watch.alive();
    }),
  );
  return { outputs, ended, alive: watch.alive, stop };
}

async function* counted(pipe: Readable, wrote: (sizeBytes: number) => void): AsyncGenerator<Uint8Array, void, void> {
  for await (const part of pipe) {
    if (!(part instanceof Uint8Array)) continue;
    wrote(part.length);
    yield part;
  }
}

interface WatchOptions {
  readonly limits: ChildLimits;
  readonly isHeldBack: () => boolean;
  readonly stop: () => void;
}

function watchUse(child: ChildProcess, { limits, isHeldBack, stop }: WatchOptions) {
  let [runMs, silentMs, outputBytes] = [0, 0, 0];
  let overrun: Overrun | null = null;
  const look = async () => {
    if (!isHeldBack()) {
      runMs += LOOK_MS;
      silentMs += LOOK_MS;
    }
    const residentBytes = await residentBytesOf(child.pid);
    overrun ??= overrunOf({ runMs, silentMs, outputBytes, residentBytes }, limits);
    if (overrun !== null) stop();
  };
  const ticking = setInterval(() => void look(), LOOK_MS);
  return {
    overrun: () => overrun,
    wrote: (sizeBytes: number) => {
      outputBytes += sizeBytes;
    },
    alive: () => {
      silentMs = 0;
    },
    end: () => {
      clearInterval(ticking);
    },
  };
}

/** 0 where the system does not tell. */
async function residentBytesOf(pid: number | undefined): Promise<number> {
  const text = await readFile(`/proc/${pid ?? 0}/statm`, "utf8").catch(() => "");
  return Number(text.split(" ")[1] ?? 0) * PAGE_BYTES;
}

function endGroup({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid === undefined || exitCode !== null || signalCode !== null) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}

function giveWay({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) setPriority(pid, NICENESS);
  } catch {
    // It has ended already, or the system has no such thing: then it takes its share like everybody.
  }
}

function lastWords(stream: Readable | undefined): () => string {
  let text = "";
  stream?.on("data", (part: Buffer) => {
    text = `${text}${part.toString("utf8")}`.slice(-MAX_COMPLAINT_CHARACTERS);
  });
  return () => text.trim();
}

function reasonOf(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new VStackError("aborted", "Gave up");
}
