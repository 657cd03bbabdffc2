/**
 * Videos from what was decided: the `meta` chunk says title and qualities, the bytes of each chunk its block list. A video
 * without one was being stored, or had failed: its registers are emptied and its chunks given up.
 */
import * as v from "valibot";
import type { VideoId } from "#core/ids.ts";
import type { Position } from "#core/placement/position.ts";
import { positionText } from "#core/placement/position.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import type { MetaChunk } from "#wire/contract/catalog-api.ts";
import { MetaChunkSchema, RenditionSchema } from "#wire/contract/catalog-api.ts";
import type { RebuildState } from "#wire/contract/consensus-view-api.ts";
import { VStackError } from "#wire/contract/errors.ts";
import type { CatalogStore, StoredChunk } from "../catalog/catalog-store.ts";
import type { Placement, PlacementRegister } from "../placement/placement-register.ts";
import type { Releases } from "../placement/releases.ts";
import { indexDecided } from "../upkeep/index-decided.ts";
import { blockListOf } from "../redundancy/coded-blocks.ts";
import { readChunk } from "../redundancy/read-chunk.ts";
import type { IndexDecidedPorts } from "../upkeep/index-decided.ts";

/** Chunks read at once: four times 16 MiB of memory. */
const AT_ONCE = 4;
const PAGE_PLACEMENTS = 500;
/** Problems that are told; the log has all. */
const MAX_PROBLEMS = 20;

export interface RebuildVideosPorts extends IndexDecidedPorts {
  readonly catalog: CatalogStore;
  readonly register: PlacementRegister;
  readonly releases: Releases;
  /** Whether an upload works on the video. */
  readonly isBeingStored: (videoId: VideoId) => Promise<boolean>;
  readonly clock: Clock;
  /** The form of its records is the form that the video has. */
  readonly adoptForm: (videoId: VideoId) => Promise<void>;
}

export interface RebuildVideosAround {
  readonly report: (change: Partial<RebuildState>) => void;
  readonly signal: AbortSignal;
}

export async function rebuildVideos(
  videoIds: readonly VideoId[],
  ports: RebuildVideosPorts,
  { report, signal }: RebuildVideosAround,
): Promise<void> {
  const problems: string[] = [];
  let [chunksDone, unfinished] = [0, 0];
  const countChunk = () => {
    chunksDone += 1;
    report({ chunksDone });
  };
  for (const [index, videoId] of videoIds.entries()) {
    signal.throwIfAborted();
    try {
      if (!(await rebuildVideo(videoId, ports, { countChunk, signal }))) unfinished += 1;
    } catch (error) {
      signal.throwIfAborted();
      const why = error instanceof Error ? error.message : String(error);
      if (problems.length < MAX_PROBLEMS) problems.push(`${videoId}: ${why}`);
    }
    report({ videosDone: index + 1, unfinished, problems: [...problems] });
  }
}

/** @returns false when it was no whole video */
async function rebuildVideo(
  videoId: VideoId,
  ports: RebuildVideosPorts,
  around: { readonly countChunk: () => void; readonly signal: AbortSignal },
): Promise<boolean> {
  const { catalog, register, releases, clock } = ports;
  const known = await catalog.video(videoId);
  if (await ports.isBeingStored(videoId)) return true;
  const placements = await placementsOf(videoId, register);
  if (placements.length === 0) {
    // Deleted, all of it; a catalogue that was put back to an earlier state may not know.
    if (known !== undefined && (await catalog.beginRemoval(videoId))) await catalog.deleteVideo(videoId);
    return true;
  }
  if (known?.state === "ready") {
    await catchUp(placements, ports, around);
    return true;
  }
  const meta = placements.find(({ position }) => position.slot === "meta");
  if (meta === undefined) {
    await releases.releaseAll(videoId, register, clock.wallMs());
    await register.removeByVideo(videoId);
    return false;
  }
  const facts = await readMeta(meta, ports, around.signal);
  const { own, leftovers } = sorted(placements, facts);
  // Of another way in that was tried before: nobody keeps their bytes.
  await register.remove(leftovers);
  const chunks = await readChunks(own, facts, ports, around);
  if (known === undefined) {
    await catalog.createVideo({ id: videoId, title: facts.title, createdAtMs: Date.parse(facts.createdAt) });
  }
  for (const chunk of chunks) await catalog.putChunk(chunk);
  const renditions = facts.renditions.map((rendition) => v.parse(RenditionSchema, rendition));
  await catalog.finishVideo(videoId, { durationSeconds: facts.durationSeconds, renditions });
  await ports.adoptForm(videoId);
  return true;
}

/** What was changed since a backup of the catalogue was made. */
async function catchUp(
  placements: readonly Placement[],
  ports: RebuildVideosPorts,
  { countChunk, signal }: { readonly countChunk: () => void; readonly signal: AbortSignal },
): Promise<void> {
  for (const { position, record } of placements) {
    signal.throwIfAborted();
    const indexed = await ports.catalog.entry(position);
    if (indexed !== undefined && indexed.record.version >= record.version) continue;
    await indexDecided(position, ports, signal);
    countChunk();
  }
}

async function placementsOf(videoId: VideoId, register: PlacementRegister): Promise<Placement[]> {
  const placements: Placement[] = [];
  for (let after = ""; ; ) {
    const page = await register.listByVideo(videoId, after, PAGE_PLACEMENTS);
    placements.push(...page);
    const last = page.at(-1);
    if (last === undefined) return placements;
    after = positionText(last.position);
  }
}

async function readMeta(
  { position, record }: Placement,
  ports: RebuildVideosPorts,
  signal: AbortSignal,
): Promise<MetaChunk> {
  const bytes = await readChunk({ record, list: null }, ports, signal);
  const meta = v.safeParse(MetaChunkSchema, JSON.parse(new TextDecoder().decode(bytes)));
  if (meta.success && meta.output.videoId === position.videoId) return meta.output;
  throw new VStackError("corrupt", `Cannot use "${positionText(position)}" as it does not describe its video`);
}

async function readChunks(
  placements: readonly Placement[],
  meta: MetaChunk,
  ports: RebuildVideosPorts,
  { countChunk, signal }: { readonly countChunk: () => void; readonly signal: AbortSignal },
): Promise<StoredChunk[]> {
  const chunks: StoredChunk[] = [];
  const queue = placements.values();
  const worker = async () => {
    for (const { position, record } of queue) {
      signal.throwIfAborted();
      const bytes = await readChunk({ record, list: null }, ports, signal);
      const { blocks, blocksDigest } = await blockListOf(bytes, record, ports.codec);
      if (blocksDigest !== record.blocksDigest) {
        throw new VStackError("corrupt", `Cannot use "${positionText(position)}" as its block list is another`);
      }
      chunks.push({ position, durationSeconds: durationOf(position, meta), record, blocks });
      countChunk();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return chunks;
}

/**
 * What the `meta` chunk names, and what stands beside it.
 *
 * @throws VStackError `corrupt` when something that it names was never decided
 */
function sorted(
  placements: readonly Placement[],
  { videoId, renditions }: MetaChunk,
): { readonly own: Placement[]; readonly leftovers: Position[] } {
  const named = new Set([positionText({ slot: "meta", videoId })]);
  for (const { id, kind, segmentCount } of renditions) {
    if (kind !== "subtitles") named.add(positionText({ slot: "init", videoId, rendition: id }));
    for (let seq = 0; seq < segmentCount; seq += 1) {
      named.add(positionText({ slot: "segment", videoId, rendition: id, seq }));
    }
  }
  const own = placements.filter(({ position }) => named.has(positionText(position)));
  if (own.length < named.size) {
    const missing = `${named.size - own.length} of its ${named.size} chunks`;
    throw new VStackError("corrupt", `Cannot bring it back as ${missing} were never decided`);
  }
  const others = placements.filter(({ position }) => !named.has(positionText(position)));
  return {
    own: [...own, ...others.filter(({ position }) => position.slot === "poster")],
    leftovers: others.map(({ position }) => position).filter(({ slot }) => slot !== "poster"),
  };
}

function durationOf(position: Position, { renditions }: MetaChunk): number {
  if (position.slot !== "segment") return 0;
  const rendition = renditions.find(({ id }) => id === position.rendition);
  return rendition?.segmentDurationsSeconds[position.seq] ?? 0;
}
