/**
 * Who is measured beside the codec in this process: the same codec in Chromium, and klauspost's in Go. Both are child
 * processes that wait while others are measured. Where there is none, the reason is the result.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import * as v from "valibot";
import { DEFAULT_CODE } from "#core/erasure/reed-solomon.ts";
import { serversFolder } from "../../processes.ts";
import type { CodecSample } from "./codec-trials.ts";
import { MEMORIES, SHARD_BYTES } from "./codec-trials.ts";
import type { LineChild } from "./line-child.ts";
import { lineChild } from "./line-child.ts";

const run = promisify(execFile);
/** Where Debian puts the sources of Go packages. */
const DEBIAN_GO = "/usr/share/gocode";
const KLAUSPOST = "github.com/klauspost/reedsolomon";
const BUILD_MS = 120_000;

const ReadySchema = v.union([v.object({ ready: v.literal(true) }), v.object({ notRun: v.string() })]);
const KlauspostSchema = v.object({ encodeMs: v.array(v.number()), decodeMs: v.array(v.number()) });
const SamplesSchema = v.array(
  v.object({
    kernel: v.picklist(["simd", "table"]),
    work: v.picklist(["encode", "decode"]),
    memory: v.picklist(MEMORIES),
    ms: v.number(),
  }),
);

export type NativeRound = v.InferOutput<typeof KlauspostSchema>;

/** Someone who is measured, or why not. */
export type Contestant<Round> =
  | { readonly round: () => Promise<Round>; readonly close: () => Promise<void> }
  | { readonly notRun: string };

/** The codec in a page: a program of its own, as it needs Playwright. */
export async function chromiumContestant(signal: AbortSignal): Promise<Contestant<CodecSample[]>> {
  const program = join(sources(), "e2e", "bench", "codec.ts");
  if (!existsSync(program)) return { notRun: "it needs the sources (e2e/bench)" };
  return await contestant(lineChild(process.execPath, ["--import", "tsx", program], signal), SamplesSchema);
}

/** Compiled into a temporary folder, from Debian's packages alone. */
export async function klauspostContestant(signal: AbortSignal): Promise<Contestant<NativeRound>> {
  const program = join(sources(), "cli", "bench", "codec", "klauspost.go");
  if (!existsSync(program)) return { notRun: "it needs the sources (cli/bench/codec)" };
  if (!existsSync(join(DEBIAN_GO, "src", KLAUSPOST))) {
    return { notRun: "Debian's package golang-github-klauspost-reedsolomon-dev is not installed" };
  }
  const folder = await mkdtemp(join(tmpdir(), "vstack-klauspost-"));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const binary = join(folder, "klauspost");
    const env = { ...process.env, GO111MODULE: "off", GOPATH: DEBIAN_GO, GOCACHE: join(folder, "cache"), GOFLAGS: "" };
    await run("go", ["build", "-o", binary, program], { env, signal, timeout: BUILD_MS });
    const { dataShards, parityShards } = DEFAULT_CODE;
    const words = [dataShards, parityShards, SHARD_BYTES].map(String);
    const found = await contestant(lineChild(binary, words, signal), KlauspostSchema);
    if ("notRun" in found) {
      await remove();
      return found;
    }
    const close = async () => {
      try {
        await found.close();
      } finally {
        await remove();
      }
    };
    return { ...found, close };
  } catch (error) {
    await remove();
    signal.throwIfAborted();
    return { notRun: says(error) };
  }
}

async function contestant<Round>(
  child: LineChild,
  schema: v.GenericSchema<unknown, Round>,
): Promise<Contestant<Round>> {
  const greeting = await child.greeting.then(
    (said) => v.parse(ReadySchema, said),
    (error: unknown) => ({ notRun: says(error) }),
  );
  if ("ready" in greeting) return { round: async () => v.parse(schema, await child.ask()), close: () => child.close() };
  await child.close();
  return greeting;
}

function sources(): string {
  return join(serversFolder(), "..", "..");
}

function says(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "code" in error && error.code === "ENOENT" ? "Go is not installed" : error.message;
}
