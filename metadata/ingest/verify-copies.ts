/** Asks the holders whether they really have the chunks of a video, before it is called ready. */
import type { ChunkHash, NodeId, VideoId } from "#core/ids.ts";
import { positionText } from "#core/placement/position.ts";
import { ACKNOWLEDGED_COPIES } from "#core/placement/record.ts";
import type { FetchPort } from "#wire/client/http.ts";
import { ask } from "#wire/client/http.ts";
import { errorCode, VStackError } from "#wire/contract/errors.ts";
import { PATHS } from "#wire/contract/paths.ts";
import type { CatalogStore } from "../catalog/catalog-store.ts";
import { copiesOf } from "../catalog/copies.ts";
import type { Placement, PlacementRegister } from "../placement/placement-register.ts";
import { taskWindow } from "./task-window.ts";

/** Questions under way at once: enough to hide a round trip, few enough to leave playback alone. */
const ASKED_AT_ONCE = 8;
const QUESTION_DEADLINE_MS = 5000;
const PAGE_PLACEMENTS = 500;

export interface VerifyPorts {
  readonly catalog: Pick<CatalogStore, "entry" | "putChunk">;
  readonly register: PlacementRegister;
  readonly nodeUrls: () => ReadonlyMap<NodeId, string>;
  readonly fetch: FetchPort;
}

/**
 * Counts the copies of every chunk of a video. A holder that denies a chunk (its copy was late, and then never made) is taken
 * out of the record, so that the chunk is mended like any other that lacks copies.
 *
 * @returns how many chunks do not survive two losses: fewer holders than wanted said yes
 * @throws VStackError `unavailable` when holders denied a chunk and fewer than {@link ACKNOWLEDGED_COPIES} can have it
 */
export async function countChunksAtRisk(videoId: VideoId, ports: VerifyPorts, signal: AbortSignal): Promise<number> {
  const urls = ports.nodeUrls();
  const holds = (nodeId: NodeId, hash: ChunkHash) => holdsChunk(urls.get(nodeId), hash, { fetch: ports.fetch, signal });
  const window = taskWindow(ASKED_AT_ONCE);
  let atRisk = 0;
  let after = "";
  for (;;) {
    const page = await ports.register.listByVideo(videoId, after, PAGE_PLACEMENTS);
    const last = page.at(-1);
    if (last === undefined) break;
    for (const placement of page) {
      await window.add(async () => {
        if (await isAtRisk(placement, holds, ports)) atRisk += 1;
      });
    }
    after = positionText(last.position);
  }
  await window.drain();
  return atRisk;
}

type Answer = "yes" | "no" | "silent";

async function isAtRisk(
  { position, record }: Placement,
  holds: (nodeId: NodeId, hash: ChunkHash) => Promise<Answer>,
  { catalog, register }: VerifyPorts,
): Promise<boolean> {
  const answers = await Promise.all(record.holders.map(({ nodeId }) => holds(nodeId, record.hash)));
  const holders = record.holders.filter((_, index) => answers[index] !== "no");
  const denied = record.holders.length - holders.length;
  if (denied > 0 && holders.length < ACKNOWLEDGED_COPIES) {
    throw new VStackError(
      "unavailable",
      `Cannot keep "${positionText(position)}" as ${denied} of ${record.holders.length} nodes no longer have it`,
    );
  }
  if (denied > 0) {
    const next = { ...record, version: record.version + 1, holders };
    const proposed = await register.propose(position, next, record.version);
    const indexed = await catalog.entry(position);
    if (proposed.outcome === "chosen" && indexed !== undefined) {
      const { blocks, durationSeconds } = indexed;
      await catalog.putChunk({ position, durationSeconds, record: proposed.record, blocks });
    }
  }
  return answers.filter((answer) => answer === "yes").length < copiesOf(record).wanted;
}

async function holdsChunk(
  nodeUrl: string | undefined,
  hash: ChunkHash,
  { fetch, signal }: { fetch: FetchPort; signal: AbortSignal },
): Promise<Answer> {
  if (nodeUrl === undefined) return "silent";
  try {
    await ask(`${nodeUrl}${PATHS.chunk(hash)}`, { method: "HEAD", signal, deadlineMs: QUESTION_DEADLINE_MS, fetch });
    return "yes";
  } catch (error) {
    if (errorCode(error) === "aborted") throw error;
    return errorCode(error) === "not-found" ? "no" : "silent";
  }
}
