/**
 * The end of a video, whoever asks for it: hidden at once, its job stopped, its chunks given up on every node, its files and
 * rows deleted. It may be interrupted anywhere and is then finished at the next start.
 */
import type { VideoId } from "#core/ids.ts";
import type { Position } from "#core/placement/position.ts";
import { positionText } from "#core/placement/position.ts";
import { errorCode, VStackError } from "#wire/contract/errors.ts";
import type { Log } from "#wire/server/log.ts";
import type { CatalogStore } from "../catalog/catalog-store.ts";
import type { PlacementRegister } from "../placement/placement-register.ts";
import type { Releases } from "../placement/releases.ts";
import type { UploadFiles } from "./upload-files.ts";
import type { UploadStore } from "./upload-store.ts";
import { NO_PROGRESS } from "./upload-store.ts";

/** Whoever gives chunks up waits this long for the nodes; what is left is done behind. */
export const DRAIN_DEADLINE_MS = 5000;
/** Whoever removes a video waits this long for its acceptors; a round with healthy ones takes a few milliseconds. */
export const EMPTYING_DEADLINE_MS = 1000;

export interface RemovalPorts {
  readonly catalog: CatalogStore;
  readonly register: PlacementRegister;
  readonly releases: Releases;
  readonly uploads: UploadStore;
  readonly files: UploadFiles;
  readonly wallMs: () => number;
  readonly log: Log;
  /** Stops the job of a video and waits until nothing of it runs. */
  readonly stopJob: (videoId: VideoId) => Promise<void>;
}

/** What goes on when a video is away for everybody who looks. */
export interface Removal {
  /**
   * Settles when its registers are empty and its rows gone, or when the acceptors cannot decide now: then call
   * {@link removeVideo} again for those that {@link CatalogStore.removals} names. Never rejects.
   */
  readonly emptied: Promise<void>;
}

/**
 * Hides a video at once and takes it away.
 *
 * @returns undefined when there is no such video
 * @throws VStackError `unavailable` when the video is ready and too few acceptors can be reached: then it stays as it is, as a
 *   catalogue that is rebuilt would bring it back
 */
export async function removeVideo(videoId: VideoId, ports: RemovalPorts): Promise<Removal | undefined> {
  const video = await ports.catalog.video(videoId);
  if (video?.state === "ready" && !(await ports.register.canChange(videoId))) {
    throw new VStackError(
      "unavailable",
      `Cannot delete "${video.title}" as fewer than a majority of its acceptors can be reached`,
    );
  }
  if (!(await ports.catalog.beginRemoval(videoId))) return undefined;
  await ports.stopJob(videoId);
  const begun = (await ports.releases.unsettled(videoId)).map(({ position }) => position);
  await ports.releases.releaseAll(videoId, ports.register, ports.wallMs());
  for (const { id } of await ports.uploads.byVideo(videoId)) await ports.files.remove(id);
  await ports.uploads.step(videoId, {
    phase: "cancelled",
    failure: null,
    progress: NO_PROGRESS,
    nowMs: ports.wallMs(),
  });
  return { emptied: emptyRegisters(videoId, begun, ports) };
}

/** Acceptors that died a moment ago are asked for seconds: nobody should have to wait for this. */
async function emptyRegisters(
  videoId: VideoId,
  begun: readonly Position[],
  { register, catalog, log }: RemovalPorts,
): Promise<void> {
  try {
    await register.removeByVideo(videoId, begun);
    await catalog.deleteVideo(videoId);
  } catch (err) {
    const words = "Cannot empty the registers of a removed video yet: will try again";
    if (errorCode(err) === "unavailable") log.warn({ videoId, err }, words);
    else log.error({ videoId, err }, words);
  }
}

/**
 * Makes every node give up what it may have of a video, and empties the video's registers.
 *
 * @throws VStackError `unavailable` when the registers cannot be emptied now; it may be called again
 */
export async function giveUpChunks(
  videoId: VideoId,
  {
    releases,
    register,
    wallMs,
    keepsRegisters = false,
  }: Pick<RemovalPorts, "releases" | "register" | "wallMs"> & { readonly keepsRegisters?: boolean },
): Promise<void> {
  const begun = (await releases.unsettled(videoId)).map(({ position }) => position);
  await releases.releaseAll(videoId, register, wallMs());
  if (!keepsRegisters) await register.removeByVideo(videoId, begun);
}

const PAGE_PLACEMENTS = 500;

/** Empties the registers of a video at whose positions nothing stands in the catalogue. */
export async function removeLeftovers(
  videoId: VideoId,
  { catalog, register }: Pick<RemovalPorts, "catalog" | "register">,
): Promise<void> {
  let after = "";
  for (;;) {
    const page = await register.listByVideo(videoId, after, PAGE_PLACEMENTS);
    const last = page.at(-1);
    if (last === undefined) return;
    after = positionText(last.position);
    const left: Position[] = [];
    for (const { position } of page) if ((await catalog.entry(position)) === undefined) left.push(position);
    await register.remove(left);
  }
}
