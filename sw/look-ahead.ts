/**
 * Segments begun before the player asks: when every block of the wanted segment is being fetched, nodes may idle, and the
 * next segment of the rendition is the likeliest use of them. How many, the strategy says (core/schedule/segments-ahead.ts);
 * here they are begun, handed to the player when it asks, kept when they are whole, and stopped at once when the player
 * goes elsewhere.
 */
import { sharesBottleneck } from "#core/estimate/link-estimate.ts";
import type { ChunkHash } from "#core/ids.ts";
import type { Asked } from "#core/schedule/look-ahead.ts";
import { foresee, MAX_ASKED } from "#core/schedule/look-ahead.ts";
import { MAX_SEGMENTS_AHEAD, segmentsAhead, unlikelyBecause } from "#core/schedule/segments-ahead.ts";
import type { Outlook, Strategy } from "#core/schedule/strategy.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import { errorCode } from "#wire/contract/errors.ts";
import type { StrategyName } from "#wire/contract/segment-trace.ts";
import type { EstimateStore, SegmentFetch, SegmentRequest } from "#wire/exchange/segment-fetch.ts";
import type { SegmentAsk } from "./delivery-story.ts";
import type { Background } from "./background.ts";
import type { ChunkPlace, LocatedChunk, ManifestCache } from "./manifest-cache.ts";
import type { Playheads } from "./playheads.ts";
import type { SegmentCache } from "./segment-cache.ts";

/** Of one session at once, sound and picture together. */
const MAX_AHEAD_OF_SESSION = 2 * MAX_SEGMENTS_AHEAD;
/**
 * Chunks under way ahead, of all sessions: four of 2 MiB. With the segment cache (32 MiB), one chunk of the largest size
 * under way (16 MiB), manifests and traces (12 MB) the worker stays near its 64 MiB.
 */
export const MAX_AHEAD_BYTES = 8 * 1024 * 1024;
/** A session that neither asked nor told its playhead for so long has gone. */
const QUIET_MS = 60_000;
/** Sessions remembered; the one that asked longest ago is forgotten first. */
const MAX_SESSIONS = 64;

export interface LookAheadPorts {
  readonly strategies: Readonly<Record<StrategyName, Pick<Strategy, "segmentsAhead">>>;
  readonly clock: Clock;
  readonly estimates: Pick<EstimateStore, "read">;
  readonly manifests: Pick<ManifestCache, "peek" | "locate" | "renditionOf">;
  readonly segments: Pick<SegmentCache, "has" | "put">;
  readonly fetchSegment: (request: SegmentRequest) => SegmentFetch;
  readonly newTraceId: () => string;
  readonly playheads: Pick<Playheads, "slackSeconds" | "isQualityFixed">;
  readonly background: Background;
}

/** A segment that the player asked for. */
export interface Wanted {
  /** The fetch that was begun ahead for it, from now on wanted; undefined when there is none. Once. */
  take(): SegmentFetch | undefined;
  /** It is being fetched. */
  fetching(fetch: Pick<SegmentFetch, "assigned" | "done">): void;
  /** Nobody waits for its bytes any more. */
  isHere(): void;
}

export interface LookAhead {
  /** The player asks: it is remembered, and what was begun for somewhere else is stopped in this tick. */
  asked(ask: SegmentAsk): Wanted;
  /** The player is about to ask for this header: it is begun with its first segment, if the strategy looks ahead at all. */
  expect(ask: SegmentAsk): void;
  /** The session is still there. */
  heard(session: string): void;
  /** The session is gone: everything that was begun for it is stopped in this tick. */
  left(session: string): void;
}

/** A segment under way, from the moment it was decided upon. */
interface Ahead {
  readonly place: ChunkPlace;
  readonly locating: AbortController;
  sizeBytes: number;
  fetch: SegmentFetch | undefined;
}

interface Session {
  readonly ahead: Map<string, Ahead>;
  ask: SegmentAsk;
  asked: readonly Asked[];
  heardMs: number;
  isWatched: boolean;
  /** The newest question for each rendition: who looks ahead for an older one would fetch what was asked for since. */
  readonly newest: Map<string, Question>;
}

interface Question {
  readonly ask: SegmentAsk;
  readonly asked: readonly Asked[];
  waitsFor: "nothing" | "init" | "segment";
  isAssigned: boolean;
}

export function lookAhead(ports: LookAheadPorts): LookAhead {
  const { clock, estimates, manifests, segments, background } = ports;
  const sessions = new Map<string, Session>();
  const forEver = new AbortController().signal;
  let bytesAhead = 0;

  function sessionOf(ask: SegmentAsk): Session {
    const fresh: Session = {
      ...{ ahead: new Map(), ask, asked: [], heardMs: clock.nowMs(), isWatched: false, newest: new Map() },
    };
    const session = sessions.get(ask.session) ?? fresh;
    sessions.delete(ask.session);
    sessions.set(ask.session, session);
    for (const oldest of sessions.keys()) {
      if (sessions.size <= MAX_SESSIONS) break;
      leave(oldest);
    }
    session.heardMs = clock.nowMs();
    return session;
  }

  function leave(name: string): void {
    const session = sessions.get(name);
    if (session !== undefined) stopAll(session, "left");
    sessions.delete(name);
  }

  function stopAll(session: Session, why: string): void {
    for (const key of session.ahead.keys()) stop(session, key, why);
  }

  function stop(session: Session, key: string, why: string): void {
    remove(session, key)?.fetch?.cancel(why);
  }

  /** Takes it off the list; who holds its fetch decides about that. */
  function remove(session: Session, key: string): Ahead | undefined {
    const ahead = session.ahead.get(key);
    if (ahead === undefined) return undefined;
    session.ahead.delete(key);
    bytesAhead -= ahead.sizeBytes;
    ahead.locating.abort();
    return ahead;
  }

  function stopUnlikely(session: Session, ask: SegmentAsk, asked: Asked): void {
    if (session.ask.place.videoId !== ask.place.videoId) {
      stopAll(session, "another-video");
      session.asked = [];
      session.newest.clear();
    } else if (session.ask.strategy !== ask.strategy) {
      stopAll(session, "another-strategy");
    }
    for (const [key, { place }] of session.ahead) {
      const isSameKind = manifests.renditionOf(place)?.kind === manifests.renditionOf(ask.place)?.kind;
      const why = unlikelyBecause(place, asked, isSameKind);
      if (why !== undefined) stop(session, key, why);
    }
  }

  /** THE place where segments are begun before the player asks. */
  function look(session: Session, question: Question): void {
    const { place, strategy } = question.ask;
    if (session.newest.get(place.rendition) !== question || sessions.get(question.ask.session) !== session) return;
    const nowMs = clock.nowMs();
    const next = segmentsAhead({
      foresight: foresee(question.asked),
      strategy: ports.strategies[strategy],
      segmentCount: manifests.renditionOf(place)?.segmentCount ?? Infinity,
      outlook: {
        waitsFor: question.waitsFor,
        hasMissingBlocks: question.waitsFor !== "nothing" && !question.isAssigned,
        slackMs: slackMs(question.ask.session),
        sharesBottleneck: sharesBottleneck(estimates.read().link, nowMs),
        isQualityFixed: ports.playheads.isQualityFixed(question.ask.session),
      },
    });
    for (const { seq } of next) open(session, question, { ...place, slot: "segment", seq });
  }

  function open(session: Session, question: Pick<Question, "ask">, place: ChunkPlace): void {
    if (session.ahead.size >= MAX_AHEAD_OF_SESSION || session.ahead.has(keyOf(place))) return;
    const ahead: Ahead = { place, locating: new AbortController(), sizeBytes: 0, fetch: undefined };
    session.ahead.set(keyOf(place), ahead);
    begin(session, question, ahead);
  }

  function begin(session: Session, question: Pick<Question, "ask">, ahead: Ahead): void {
    const known = manifests.peek(ahead.place);
    if (known !== undefined) start(session, question, ahead, known);
    else background.add("begin a segment ahead", locateAndStart(session, question, ahead));
  }

  async function locateAndStart(session: Session, question: Pick<Question, "ask">, ahead: Ahead): Promise<void> {
    try {
      const chunk = await manifests.locate(ahead.place, ahead.locating.signal);
      if (session.ahead.get(keyOf(ahead.place)) === ahead) start(session, question, ahead, chunk);
    } catch (error) {
      remove(session, keyOf(ahead.place));
      // Behind the last segment there is none, and a player that went elsewhere wants none.
      if (errorCode(error) !== "not-found" && errorCode(error) !== "aborted") throw error;
    }
  }

  function start(
    session: Session,
    question: Pick<Question, "ask">,
    ahead: Ahead,
    { entry, nodeUrls }: LocatedChunk,
  ): void {
    const { ask } = question;
    const { videoId, rendition, slot, seq } = ahead.place;
    const { hash, sizeBytes } = entry.record;
    if (segments.has(ask.strategy, hash) || bytesAhead + sizeBytes > MAX_AHEAD_BYTES) {
      remove(session, keyOf(ahead.place));
      return;
    }
    ahead.sizeBytes = sizeBytes;
    bytesAhead += sizeBytes;
    const slackSeconds = ports.playheads.slackSeconds(ask.session);
    const furtherSeconds = Math.max(0, seq - ask.place.seq) * entry.durationSeconds;
    ahead.fetch = ports.fetchSegment({
      ...{ traceId: ports.newTraceId(), session: ask.session, strategy: ask.strategy, driver: "worker" },
      ...{ videoId, rendition, slot, entry, nodeUrls, giveUpWhenAllUnreachable: true, isAhead: true },
      slackSeconds: slackSeconds === null ? null : slackSeconds + furtherSeconds,
    });
    background.add("keep a segment begun ahead", keep(session, question, ahead, hash));
    if (!session.isWatched) void watchQuiet(session);
  }

  /** Whole before the player asked: into the cache with it. */
  async function keep(session: Session, question: Pick<Question, "ask">, ahead: Ahead, hash: ChunkHash): Promise<void> {
    const { fetch } = ahead;
    if (fetch === undefined) return;
    const trace = await fetch.done;
    const key = keyOf(ahead.place);
    if (session.ahead.get(key) !== ahead) return;
    if (trace.outcome === "delivered") {
      // Reading locks the body: from here on nobody can take the fetch, and what is queued is read without a pause.
      ahead.fetch = undefined;
      segments.put(question.ask.strategy, hash, await allParts(fetch.body));
    }
    remove(session, key);
    const newest = session.newest.get(ahead.place.rendition);
    if (newest !== undefined && trace.outcome === "delivered") look(session, newest);
  }

  /** One watch for each session, as long as it has something under way. */
  async function watchQuiet(session: Session): Promise<void> {
    session.isWatched = true;
    while (session.ahead.size > 0) {
      await clock.sleep(session.heardMs + QUIET_MS - clock.nowMs(), forEver);
      if (clock.nowMs() - session.heardMs >= QUIET_MS) stopAll(session, "session-quiet");
    }
    session.isWatched = false;
  }

  function slackMs(name: string): number | null {
    const seconds = ports.playheads.slackSeconds(name);
    return seconds === null ? null : seconds * 1000;
  }

  function wanted(session: Session, question: Question): Wanted {
    const { ask } = question;
    const isHere = () => {
      question.waitsFor = "nothing";
      look(session, question);
    };
    return {
      take() {
        const { fetch } = remove(session, keyOf(ask.place)) ?? {};
        fetch?.want(ports.playheads.slackSeconds(ask.session));
        return fetch;
      },
      fetching(fetch) {
        look(session, question);
        void fetch.assigned.then(() => {
          question.isAssigned = true;
          look(session, question);
        });
        void fetch.done.then(({ outcome }) => (outcome === "delivered" ? isHere() : undefined));
      },
      isHere,
    };
  }

  return {
    asked(ask) {
      const { rendition, slot, seq } = ask.place;
      const session = sessionOf(ask);
      const asked: Asked = { rendition, slot, seq };
      stopUnlikely(session, ask, asked);
      session.ask = ask;
      session.asked = [...session.asked, asked].slice(-MAX_ASKED);
      const question: Question = { ask, asked: session.asked, waitsFor: slot, isAssigned: false };
      session.newest.set(rendition, question);
      return wanted(session, question);
    },
    expect(ask) {
      const session = sessionOf(ask);
      const outlook: Outlook = {
        ...{ waitsFor: "init", hasMissingBlocks: false, slackMs: null, sharesBottleneck: false, isQualityFixed: false },
      };
      const stay = { inARow: 0, hasSwitched: false };
      // A player that has asked since knows better what it wants.
      if (session.asked.length > 0 || ports.strategies[ask.strategy].segmentsAhead(outlook, stay) === 0) return;
      open(session, { ask }, ask.place);
      open(session, { ask }, { ...ask.place, slot: "segment" });
    },
    heard(name) {
      const session = sessions.get(name);
      if (session !== undefined) session.heardMs = clock.nowMs();
    },
    left: leave,
  };
}

function keyOf({ rendition, slot, seq }: ChunkPlace): string {
  return `${rendition}/${slot}/${seq}`;
}

async function allParts(body: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<Uint8Array<ArrayBuffer>[]> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return parts;
    parts.push(value);
  }
}
