/** Ends what was begun on ready videos and cut short: the catalogue catches up, and copies that no record names are given up. */
import type { VideoId } from "#core/ids.ts";
import { indexDecided } from "./index-decided.ts";
import type { UpkeepPorts } from "./upkeep-ports.ts";

/**
 * Call it now and then: what cannot be ended as no node answers is ended later. Never throws but for the signal.
 */
export async function finishInterrupted(ports: UpkeepPorts, signal: AbortSignal): Promise<void> {
  const { releases, locks, register, clock, log } = ports;
  for (const videoId of await releases.unsettledVideos()) {
    if (!(await isOurs(videoId, ports))) continue;
    for (const what of await releases.unsettled(videoId)) {
      signal.throwIfAborted();
      try {
        await locks.run(what.position, async () => {
          await indexDecided(what.position, ports, signal);
          await releases.settleChunk({ ...what, nodeIds: [] }, register, clock.wallMs());
        });
      } catch (error) {
        signal.throwIfAborted();
        log.warn({ videoId, err: error }, "Cannot finish an interrupted change: will try again");
      }
    }
  }
}

/** Jobs settle their own chunks, and so does a removal. A video that is not there has nobody else. */
async function isOurs(videoId: VideoId, { catalog, isBeingStored }: UpkeepPorts): Promise<boolean> {
  if (await isBeingStored(videoId)) return false;
  const video = await catalog.video(videoId);
  if (video === undefined) return !(await catalog.removals()).includes(videoId);
  return video.state === "ready";
}
