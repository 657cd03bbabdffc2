/**
 * A new title. It is part of the `meta` chunk, so that a catalogue that is rebuilt from the nodes knows it: a new chunk takes
 * the position by compare-and-set, the catalogue follows, and the old chunk is given up.
 */
import type { VideoId } from "#core/ids.ts";
import { blockSizeFor } from "#core/placement/blocks.ts";
import type { Position } from "#core/placement/position.ts";
import { ACKNOWLEDGED_COPIES } from "#core/placement/record.ts";
import { chunkHashOf } from "#wire/client/digest.ts";
import type { MetaChunk, Video } from "#wire/contract/catalog-api.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { storeChunk } from "#wire/exchange/store-chunk.ts";
import type { CatalogStore, StoredChunk } from "../catalog/catalog-store.ts";
import { raiseVersion } from "./raise-version.ts";
import type { UpkeepPorts } from "./upkeep-ports.ts";

const forEver = new AbortController().signal;

/**
 * @returns the video with its new title
 * @throws VStackError `not-found`, `not-ready` while it is being stored, `unavailable` when too few nodes take the new chunk,
 *   `conflict` when it was removed meanwhile
 */
export async function renameVideo(
  { videoId, title }: { videoId: VideoId; title: string },
  ports: UpkeepPorts,
  signal: AbortSignal,
): Promise<Video> {
  const position: Position = { slot: "meta", videoId };
  return await ports.locks.run(position, async () => {
    const video = await requireVideo(videoId, ports.catalog);
    if (video.title === title) return video;
    if (video.state === "processing" || (await ports.isBeingStored(videoId))) {
      throw new VStackError(
        "not-ready",
        `Cannot rename "${video.title}" yet as it is being stored: wait until it is ready`,
      );
    }
    // Of a video that was not stored no chunk is left.
    if (video.state === "failed") await ports.catalog.renameVideo(videoId, title, null);
    else await replaceMeta(position, { ...video, title }, ports, signal);
    return await requireVideo(videoId, ports.catalog);
  });
}

async function requireVideo(videoId: VideoId, catalog: CatalogStore): Promise<Video> {
  const video = await catalog.video(videoId);
  if (video === undefined) throw new VStackError("not-found", `There is no video "${videoId}"`);
  return video;
}

async function replaceMeta(position: Position, video: Video, ports: UpkeepPorts, signal: AbortSignal): Promise<void> {
  const { register, releases, catalog, clock, mint } = ports;
  const held = await register.read(position);
  const bytes = await metaBytes(video, catalog);
  const nodes = ports.writable();
  if (nodes.length < ACKNOWLEDGED_COPIES) {
    throw new VStackError(
      "unavailable",
      `Cannot rename "${video.title}" as ${ACKNOWLEDGED_COPIES} storage nodes are needed: ${nodes.length} can be written`,
    );
  }
  const hash = await chunkHashOf(bytes);
  const wanted = { position, hash, nodeIds: nodes.map(({ nodeId }) => nodeId) };
  await releases.intend(wanted);
  let chunk: StoredChunk;
  try {
    const version = (held?.version ?? 0) + 1;
    const request = { bytes, position, version, nodes, blockSizeBytes: blockSizeFor(bytes.length), mint, signal };
    const { record, blocks } = await storeChunk(request, ports);
    chunk = { position, durationSeconds: 0, record, blocks };
  } catch (error) {
    // Without it nodes keep what they were given for the version that is not to be; then it is a stray (stray-pieces.ts).
    if (held !== undefined) await raiseVersion(position, held, ports, forEver).catch(() => undefined);
    await releases.settleChunk(wanted, register, clock.wallMs());
    throw error;
  }
  // Noted before the record changes: should the program stop in between, the old chunk is given up at the next start.
  const old = { position, hash: held?.hash ?? hash, nodeIds: held?.holders.map(({ nodeId }) => nodeId) ?? [] };
  await releases.intend(old);
  const { outcome } = await register.propose(position, chunk.record, held?.version ?? null);
  if (outcome === "chosen") await catalog.renameVideo(video.id, video.title, chunk);
  await releases.settleChunk(wanted, register, clock.wallMs());
  await releases.settleChunk(old, register, clock.wallMs());
  if (outcome === "chosen") return;
  throw new VStackError("conflict", `Cannot rename "${video.title}" as it was changed or removed at the same time`);
}

/** What the ingest writes (store-video.ts), from the catalogue. */
async function metaBytes(video: Video, catalog: CatalogStore): Promise<Uint8Array<ArrayBuffer>> {
  const renditions: MetaChunk["renditions"] = [];
  for (const rendition of video.renditions) {
    const segmentDurationsSeconds = await catalog.segmentDurations(video.id, rendition.id);
    renditions.push({ ...rendition, segmentDurationsSeconds });
  }
  const { id: videoId, title, durationSeconds, createdAt } = video;
  const meta: MetaChunk = { schema: 1, videoId, title, durationSeconds, createdAt, renditions };
  return new TextEncoder().encode(JSON.stringify(meta));
}
