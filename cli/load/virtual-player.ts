/**
 * A viewer without a picture: reads a video at the pace of its playback through the same fetch driver as the worker, checks
 * every chunk's own hash once more, and counts what a viewer would have seen. Like the worker it asks where the chunk lies
 * now when no node that it knows can be reached or has it.
 */
import type { RenditionId, VideoId } from "#core/ids.ts";
import type { Random } from "#core/random.ts";
import { sha256 } from "#wire/client/digest.ts";
import { liveFetch } from "#wire/client/http.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import type { metadataClient } from "#wire/client/metadata-client.ts";
import type { ManifestEntry, ManifestPage } from "#wire/contract/catalog-api.ts";
import type { ErrorCode } from "#wire/contract/errors.ts";
import { MANIFEST_FRESH_MS } from "#wire/contract/limits.ts";
import { errorCode } from "#wire/contract/errors.ts";
import type { StrategyName } from "#wire/contract/segment-trace.ts";
import type { BadPiece } from "#wire/contract/storage-schemas.ts";
import type { SegmentFetchPorts } from "#wire/exchange/segment-fetch.ts";
import { ELSEWHERE_MAY_HELP } from "#wire/exchange/segment-fetch.ts";
import { fetchSegment } from "#wire/exchange/fetch-segment.ts";
import { memoryEstimates } from "#wire/exchange/memory-estimates.ts";
import { OpenFetches } from "#wire/exchange/open-fetches.ts";
import type { PlayClock } from "./play-clock.ts";
import { bufferedSeconds, NOT_PLAYING, withSegment } from "./play-clock.ts";

export interface Viewing {
  readonly videoId: VideoId;
  readonly rendition: RenditionId;
  readonly strategy: StrategyName;
  /** Bits that a second of playback takes; null: as long as the segment itself lasts. */
  readonly paceBitsPerSecond: number | null;
  readonly onSegment?: ((fetch: { readonly askedMs: number; readonly tookMs: number }) => void) | undefined;
}

export interface PlayerPorts {
  readonly metadata: Pick<ReturnType<typeof metadataClient>, "manifestPage">;
  readonly clock: Clock;
  readonly random: Random;
  /** A node sent wrong bytes of a piece, or has it not. */
  readonly onBadPiece: (piece: BadPiece) => void;
}

/** What one viewer has seen; grows while it plays. */
export interface PlayerFigures {
  segments: number;
  bytes: number;
  /** Reads that ended without the segment, by the code of the error. The viewer goes on with the next. */
  readonly failures: Partial<Record<ErrorCode, number>>;
  /** Chunks that were not those of their hash. Verified blocks come before it: it must stay 0. */
  wrongChunks: number;
  /** Reads that needed a newer record or newer addresses. */
  relocated: number;
  play: PlayClock;
  /** From the ask to the last byte, of each segment. */
  readonly fetchMs: number[];
}

/** As much as a page keeps ahead in a browser; more would only hide what happens. */
const BUFFER_SECONDS = 20;
/** After a failed read or while the metadata server is away. */
const PAUSE_MS = 500;

/** Plays, from a segment chosen by chance and over again from the first, until the signal fires. Never rejects. */
export async function playVirtually(
  viewing: Viewing,
  ports: PlayerPorts,
  signal: AbortSignal,
  figures: PlayerFigures,
): Promise<void> {
  const reader = new Reader(viewing, ports, signal);
  const { clock } = ports;
  const isOver = () => signal.aborted;
  let seq = -1;
  while (!isOver()) {
    const ahead = bufferedSeconds(figures.play, clock.nowMs());
    if (ahead !== null && ahead > BUFFER_SECONDS) {
      await clock.sleep((ahead - BUFFER_SECONDS) * 1000, signal);
      continue;
    }
    const askedMs = clock.nowMs();
    try {
      const page = await reader.page(Math.max(0, seq));
      if (seq < 0) seq = Math.floor(ports.random() * page.total);
      const read = await reader.segment(seq, ahead);
      noteSegment(figures, viewing, read, { askedMs, nowMs: clock.nowMs() });
      seq = (seq + 1) % page.total;
    } catch (error) {
      if (isOver()) return;
      const code = errorCode(error);
      figures.failures[code] = (figures.failures[code] ?? 0) + 1;
      await clock.sleep(PAUSE_MS, signal);
    }
  }
}

export function noFigures(): PlayerFigures {
  return { segments: 0, bytes: 0, failures: {}, wrongChunks: 0, relocated: 0, play: NOT_PLAYING, fetchMs: [] };
}

interface Read {
  readonly entry: ManifestEntry;
  readonly isRight: boolean;
  readonly isRelocated: boolean;
}

function noteSegment(
  figures: PlayerFigures,
  { paceBitsPerSecond, onSegment }: Viewing,
  { entry, isRight, isRelocated }: Read,
  { askedMs, nowMs }: { askedMs: number; nowMs: number },
): void {
  const { sizeBytes } = entry.record;
  const seconds = paceBitsPerSecond === null ? entry.durationSeconds : (sizeBytes * 8) / paceBitsPerSecond;
  figures.segments += 1;
  figures.bytes += sizeBytes;
  if (!isRight) figures.wrongChunks += 1;
  if (isRelocated) figures.relocated += 1;
  figures.fetchMs.push(nowMs - askedMs);
  onSegment?.({ askedMs, tookMs: nowMs - askedMs });
  figures.play = withSegment(figures.play, seconds, nowMs);
}

/** The manifest pages and estimates of one viewer. */
class Reader {
  readonly #viewing: Viewing;
  readonly #ports: PlayerPorts;
  readonly #signal: AbortSignal;
  readonly #session = crypto.randomUUID();
  readonly #fetchPorts: SegmentFetchPorts;
  #page: { readonly page: ManifestPage; readonly readMs: number } | undefined;
  #asking: Promise<unknown> | undefined;

  constructor(viewing: Viewing, ports: PlayerPorts, signal: AbortSignal) {
    this.#viewing = viewing;
    this.#ports = ports;
    this.#signal = signal;
    const { clock, random, onBadPiece } = ports;
    const own = { onBadPiece, estimates: memoryEstimates(), openFetches: new OpenFetches() };
    this.#fetchPorts = { clock, random, fetch: liveFetch, digest: sha256, ...own };
  }

  /** The page with this segment. An old one is used at once, and a newer one asked for meanwhile: as the worker does it. */
  async page(seq: number): Promise<ManifestPage> {
    const known = this.#page;
    const isThere = known !== undefined && seq >= known.page.from && seq < known.page.from + known.page.segments.length;
    if (!isThere) return await this.#askPage(seq);
    const isOld = this.#ports.clock.nowMs() - known.readMs >= MANIFEST_FRESH_MS;
    if (isOld && this.#asking === undefined) {
      this.#asking = this.#askPage(seq)
        // The metadata server is away: the old one is good enough.
        .catch(() => undefined)
        .finally(() => {
          this.#asking = undefined;
        });
    }
    return known.page;
  }

  async #askPage(seq: number): Promise<ManifestPage> {
    const { videoId, rendition } = this.#viewing;
    const page = await this.#ports.metadata.manifestPage({ videoId, rendition, from: seq }, this.#signal);
    this.#page = { page, readMs: this.#ports.clock.nowMs() };
    return page;
  }

  async segment(seq: number, slackSeconds: number | null): Promise<Read> {
    const first = await this.page(seq);
    try {
      return await this.#read(first, seq, slackSeconds);
    } catch (error) {
      if (this.#signal.aborted || !ELSEWHERE_MAY_HELP.includes(errorCode(error))) throw error;
      const again = await this.#askPage(seq);
      return { ...(await this.#read(again, seq, slackSeconds)), isRelocated: true };
    }
  }

  async #read(page: ManifestPage, seq: number, slackSeconds: number | null): Promise<Read> {
    const entry = page.segments[seq - page.from];
    if (entry === undefined) throw new RangeError(`The manifest has no segment ${seq}`);
    const { videoId, rendition, strategy } = this.#viewing;
    const running = fetchSegment(
      {
        ...{ traceId: crypto.randomUUID(), session: this.#session, strategy, driver: "cli", slackSeconds },
        ...{ videoId, rendition, slot: "segment", entry },
        nodeUrls: new Map(page.nodes.map(({ id, url }) => [id, url])),
        giveUpWhenAllUnreachable: true,
      },
      this.#fetchPorts,
    );
    const giveUp = () => {
      running.cancel("the viewer left");
    };
    this.#signal.addEventListener("abort", giveUp, { once: true });
    try {
      const bytes = new Uint8Array(await new Response(running.body).arrayBuffer());
      const hash = Buffer.from(await sha256(bytes)).toString("hex");
      return { entry, isRight: hash === entry.record.hash, isRelocated: false };
    } finally {
      this.#signal.removeEventListener("abort", giveUp);
    }
  }
}
