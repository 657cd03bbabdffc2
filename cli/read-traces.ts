/**
 * Reads a folder of network traces for `--traces DIR`: `assignments.json` says which node of which topology follows which
 * trace, each trace is `<id>.csv` (core/network/trace-file.ts). Every trace that a topology names is read and checked
 * before anything runs.
 */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import type { TopologySet } from "#core/network/named-plans.ts";
import type { RateSource, Topology } from "#core/network/topologies.ts";
import type { Trace } from "#core/network/trace-file.ts";
import { parseTrace } from "#core/network/trace-file.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { MAX_NODES } from "#wire/contract/limits.ts";
import { NodeIdSchema } from "#wire/contract/schemas.ts";

const ASSIGNMENTS = "assignments.json";
/** A thousand times the largest that we know of: against files that are something else. */
const MAX_FILE_BYTES = 8 * 1024 * 1024;
const MAX_TOPOLOGIES = 256;
const KBIT_BYTES = 1000 / 8;

/** Names are also file names and names of networks. */
const IdSchema = v.pipe(v.string(), v.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, "Expected letters, digits, . _ -"));
const AmountSchema = v.pipe(v.number(), v.minValue(0), v.maxValue(1e9));
const SOURCE_ENTRIES = {
  trace: v.optional(IdSchema),
  constant_kbit_s: v.optional(AmountSchema),
  scale: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1e6)), 1),
  offset_s: v.optional(AmountSchema, 0),
} as const;
const ONE_OF = "Expected either trace or constant_kbit_s";

const TopologySchema = v.object({
  id: IdSchema,
  topology: v.picklist(["independent", "shared-access", "shared-access+paths", "correlated"]),
  expect: v.optional(v.pipe(v.string(), v.maxLength(500)), ""),
  access: v.pipe(
    v.object(SOURCE_ENTRIES),
    v.check((source) => isOneOf(source.trace, source.constant_kbit_s), ONE_OF),
  ),
  nodes: v.pipe(
    v.array(
      v.pipe(
        v.object({
          id: NodeIdSchema,
          rtt_ms: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(60_000))),
          ...SOURCE_ENTRIES,
        }),
        v.check((source) => isOneOf(source.trace, source.constant_kbit_s), ONE_OF),
      ),
    ),
    v.minLength(1),
    v.maxLength(MAX_NODES),
    v.check((nodes) => new Set(nodes.map(({ id }) => id)).size === nodes.length, "Expected different node ids"),
  ),
});
const AssignmentsSchema = v.object({
  assignments: v.pipe(
    v.array(TopologySchema),
    v.minLength(1),
    v.maxLength(MAX_TOPOLOGIES),
    v.check((all) => new Set(all.map(({ id }) => id)).size === all.length, "Expected different ids"),
  ),
});

function isOneOf(trace: string | undefined, constant: number | undefined): boolean {
  return (trace === undefined) !== (constant === undefined);
}

/**
 * @throws VStackError `bad-request` naming the file, and its line or member, that cannot be used
 */
export async function readTraces(folder: string): Promise<TopologySet> {
  const file = join(folder, ASSIGNMENTS);
  const parsed = v.safeParse(AssignmentsSchema, parseJson(await readText(file), file));
  if (!parsed.success) {
    const [issue] = parsed.issues;
    const where = v.getDotPath(issue);
    throw unusable(file, where === null ? issue.message : `${where}: ${issue.message}`);
  }
  const topologies = parsed.output.assignments.map(topologyOf);
  const traces = new Map<string, Trace>();
  for (const id of new Set(topologies.flatMap(traceIds))) traces.set(id, await readTrace(join(folder, `${id}.csv`)));
  for (const { id, nodes } of topologies) {
    for (const { nodeId, roundTripMs, rate } of nodes) {
      const measured = "trace" in rate ? (traces.get(rate.trace)?.roundTrips.length ?? 0) : 0;
      if (roundTripMs !== null || measured > 0) continue;
      throw unusable(file, `${nodeId} of ${id} has no rtt_ms, and none was measured with its trace`);
    }
  }
  return { topologies, traces: (id) => traces.get(id) };
}

function topologyOf({ id, topology, expect, access, nodes }: v.InferOutput<typeof TopologySchema>): Topology {
  return {
    ...{ id, expect, kind: topology, access: sourceOf(access) },
    nodes: nodes.map((node) => ({ nodeId: node.id, roundTripMs: node.rtt_ms ?? null, rate: sourceOf(node) })),
  };
}

function sourceOf(source: v.InferOutput<typeof TopologySchema>["access"]): RateSource {
  const { trace, constant_kbit_s: kbitS = 0, scale, offset_s: offsetSeconds } = source;
  if (trace === undefined) return { bytesPerSecond: kbitS * scale * KBIT_BYTES };
  return { trace, scale, offsetMs: offsetSeconds * 1000 };
}

function traceIds({ access, nodes }: Topology): string[] {
  return [access, ...nodes.map(({ rate }) => rate)].flatMap((source) => ("trace" in source ? [source.trace] : []));
}

async function readTrace(file: string): Promise<Trace> {
  const reading = parseTrace(await readText(file));
  if (reading.ok) return reading.trace;
  throw unusable(file, `line ${reading.line}: ${reading.message}`);
}

async function readText(file: string): Promise<string> {
  try {
    const { size: sizeBytes } = await stat(file);
    if (sizeBytes > MAX_FILE_BYTES)
      throw unusable(file, `It has ${sizeBytes} bytes, at most ${MAX_FILE_BYTES} are read`);
    return await readFile(file, "utf8");
  } catch (cause) {
    if (cause instanceof VStackError) throw cause;
    throw unusable(file, "It is not there, or may not be read", cause);
  }
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw unusable(file, "It is no JSON", cause);
  }
}

function unusable(file: string, why: string, cause?: unknown): VStackError {
  return new VStackError("bad-request", `Cannot use the traces as ${file} is wrong: ${why}`, { cause });
}
