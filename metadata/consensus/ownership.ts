/**
 * Grants: which proposer owns the positions of a new video, and may skip the first phase for them. A video has one owner
 * ever, named durably before its first proposal; a restarted server is another proposer and owns nothing of what was begun
 * before. Each position is owned for one proposal (rules `one-owner`, `fresh-owner` and `grant` of core/consensus/rules.ts).
 */
import type { VideoId } from "#core/ids.ts";
import { positionText } from "#core/placement/position.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import { grantSubject } from "#wire/contract/consensus-api.ts";
import type { Ownership } from "#wire/exchange/decide-record.ts";
import type { MintCapability } from "#wire/exchange/store-chunk.ts";
import type { Database } from "../database/open-database.ts";

/** Videos whose used positions are remembered; the oldest is then owned no more. A few are stored at a time. */
const MAX_OWNED_VIDEOS = 256;
/** A grant is signed anew after so long, well before it is over. */
const RENEW_MS = 60_000;

interface Owned {
  readonly epoch: number;
  readonly used: Set<string>;
  text: Promise<string>;
  signedMs: number;
}

export interface OwnershipPorts {
  readonly db: Database;
  readonly proposer: string;
  readonly mint: MintCapability;
  readonly clock: Clock;
}

export function sqliteOwnership({ db, proposer, mint, clock }: OwnershipPorts): Ownership {
  const videos = new Map<VideoId, Promise<Owned | null>>();
  const sign = (videoId: VideoId, epoch: number) =>
    mint({ method: "OWN", subject: grantSubject(videoId, epoch, proposer) });
  const claim = async (videoId: VideoId, epoch: number): Promise<Owned | null> => {
    const { numInsertedOrUpdatedRows } = await db
      .insertInto("owners")
      .values({ video_id: videoId, epoch, proposer })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    if (numInsertedOrUpdatedRows !== 1n) return null;
    return { epoch, used: new Set(), text: sign(videoId, epoch), signedMs: clock.nowMs() };
  };
  const ownedOf = (videoId: VideoId, epoch: number): Promise<Owned | null> => {
    const known = videos.get(videoId);
    if (known !== undefined) return known;
    const [oldest] = videos.keys();
    if (oldest !== undefined && videos.size >= MAX_OWNED_VIDEOS) videos.delete(oldest);
    const claimed = claim(videoId, epoch);
    videos.set(videoId, claimed);
    // A claim that could not be written may be tried again: when it was written all the same, nobody owns the video.
    claimed.catch(() => videos.delete(videoId));
    return claimed;
  };
  const textOf = async (videoId: VideoId, owned: Owned): Promise<string> => {
    if (clock.nowMs() - owned.signedMs > RENEW_MS) {
      owned.text = sign(videoId, owned.epoch);
      owned.signedMs = clock.nowMs();
    }
    return await owned.text;
  };
  return {
    async take(position, { epoch }) {
      const owned = await ownedOf(position.videoId, epoch);
      const key = positionText(position);
      if (owned?.epoch !== epoch || owned.used.has(key)) return null;
      owned.used.add(key);
      return await textOf(position.videoId, owned);
    },
    async renew(videoId, { epoch }) {
      const owned = (await videos.get(videoId)) ?? null;
      return owned === null ? await sign(videoId, epoch) : await textOf(videoId, owned);
    },
  };
}

/** Says that videos were owned by somebody who is gone, so that nobody owns them again. */
export async function disownVideos(db: Database, videoIds: readonly VideoId[], proposer: string): Promise<void> {
  if (videoIds.length === 0) return;
  await db
    .insertInto("owners")
    .values(videoIds.map((video_id) => ({ video_id, epoch: 0, proposer })))
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
