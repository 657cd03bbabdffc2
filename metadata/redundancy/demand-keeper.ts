/**
 * Who is asked for: bytes that nodes say they served, by video, in a book that fades (core/redundancy/demand-book.ts) and is
 * written down now and then. What upkeep reads is no demand: nodes leave it out.
 *
 * A crash costs what was heard since the last writing; a heartbeat whose answer was lost is counted twice. Both are small
 * beside what decides, and errors fade with the rest.
 */
import type { VideoId } from "#core/ids.ts";
import type { HalfLives, Heat } from "#core/redundancy/demand.ts";
import { DemandBook } from "#core/redundancy/demand-book.ts";
import type { Heartbeat } from "#wire/contract/cluster-api.ts";
import type { PieceIndex } from "../catalog/piece-index.ts";
import type { Database } from "../database/open-database.ts";

/** What may be lost by a crash. */
const SAVE_SECONDS = 10;
/** Rates are means over so long. */
const RATE_SECONDS = 5;

export interface DemandPorts {
  readonly db: Database;
  readonly pieces: Pick<PieceIndex, "videoOf">;
  readonly halfLives: () => HalfLives;
  /** Unix seconds. */
  readonly nowSeconds: () => number;
}

export class DemandKeeper {
  readonly #ports: DemandPorts;
  #book: DemandBook;
  #halfLives: HalfLives;
  readonly #changed = new Set<string>();
  #savedAtSeconds: number;
  /** What players were sent, decayed: a rate. */
  #recentBytes = 0;
  #recentAtSeconds: number;
  /** Since this program started. */
  servedBytes = 0;

  private constructor(ports: DemandPorts) {
    this.#ports = ports;
    this.#halfLives = ports.halfLives();
    this.#book = new DemandBook(this.#halfLives);
    this.#savedAtSeconds = ports.nowSeconds();
    this.#recentAtSeconds = ports.nowSeconds();
  }

  static async open(ports: DemandPorts): Promise<DemandKeeper> {
    const keeper = new DemandKeeper(ports);
    for (const row of await ports.db.selectFrom("demand").selectAll().execute()) {
      const { at_seconds: atSeconds, short_bytes: shortBytes, long_bytes: longBytes } = row;
      keeper.#book.merge(row.video_id, { atSeconds, shortBytes, longBytes, views: 0 });
    }
    return keeper;
  }

  /** @param views of the catalogue: the book forgets, views do not */
  heatOf(videoId: VideoId, views: number): Heat {
    return { ...this.#book.heatOf(videoId), views };
  }

  async hear({ nodeId, served }: Pick<Heartbeat, "nodeId" | "served">): Promise<void> {
    if (served === undefined) return;
    this.#useHalfLives();
    const nowSeconds = this.#ports.nowSeconds();
    let total = served.otherBytes;
    for (const { hash, bytes } of served.chunks) {
      total += bytes;
      const videoId = await this.#ports.pieces.videoOf(nodeId, hash);
      if (videoId === undefined) continue;
      this.#book.add(videoId, { bytes, views: 0 }, nowSeconds);
      this.#changed.add(videoId);
    }
    this.servedBytes += total;
    this.#recentBytes = this.#faded(nowSeconds) + total;
    this.#recentAtSeconds = nowSeconds;
    if (nowSeconds - this.#savedAtSeconds >= SAVE_SECONDS) await this.save();
  }

  /** Bytes a second that players are sent now. */
  playbackBytesPerSecond(): number {
    return this.#faded(this.#ports.nowSeconds()) / RATE_SECONDS;
  }

  async save(): Promise<void> {
    this.#savedAtSeconds = this.#ports.nowSeconds();
    const rows = [...this.#changed].map((videoId) => {
      const { atSeconds, shortBytes, longBytes } = this.#book.heatOf(videoId);
      return { video_id: videoId, at_seconds: atSeconds, short_bytes: shortBytes, long_bytes: longBytes };
    });
    this.#changed.clear();
    await this.#ports.db.transaction().execute(async (within) => {
      for (const row of rows) {
        const video = await within.selectFrom("videos").select("id").where("id", "=", row.video_id).executeTakeFirst();
        if (video === undefined) {
          this.#book.remove(row.video_id);
          continue;
        }
        await within
          .insertInto("demand")
          .values(row)
          .onConflict((conflict) => conflict.column("video_id").doUpdateSet(row))
          .execute();
      }
    });
  }

  #faded(nowSeconds: number): number {
    return this.#recentBytes * Math.exp(-Math.max(0, nowSeconds - this.#recentAtSeconds) / RATE_SECONDS);
  }

  /** Other half-lives from now on; what was heard before keeps its amount. */
  #useHalfLives(): void {
    const next = this.#ports.halfLives();
    const { shortHalfLifeSeconds, longHalfLifeSeconds } = this.#halfLives;
    if (next.shortHalfLifeSeconds === shortHalfLifeSeconds && next.longHalfLifeSeconds === longHalfLifeSeconds) return;
    const book = new DemandBook(next);
    for (const [key, heat] of this.#book.entries()) book.merge(key, heat);
    this.#book = book;
    this.#halfLives = next;
  }
}
