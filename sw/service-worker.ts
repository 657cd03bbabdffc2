/**
 * The service worker `/sw.js`, scope `/`: one classic script that stands between the player and the storage nodes. Here
 * it is only wired together; every decision lives in the files beside this one and on the floors below.
 *
 * The browser stops a worker whenever it likes. All state at the top of this file is a cache: what must outlive it is in
 * IndexedDB or in the address of each request.
 *
 * Taking over: an old worker keeps its pages until one of them says `activate`. A new worker that took over by itself
 * would throw away the old one's cache in the middle of a film, and pages of the old version would talk to a worker of
 * the new one. So there is no `install` handler: without an old worker the browser activates at once, with one it waits.
 */
import { STRATEGIES_BY_NAME } from "#core/schedule/strategies.ts";
import { sha256 } from "#wire/client/digest.ts";
import { ask, liveFetch } from "#wire/client/http.ts";
import { liveClock, liveRandom } from "#wire/client/live-clock.ts";
import { metadataClient } from "#wire/client/metadata-client.ts";
import { redundancyClient } from "#wire/client/redundancy-client.ts";
import { QUERY } from "#wire/contract/paths.ts";
import type { SegmentTrace } from "#wire/contract/segment-trace.ts";
import type { BadPiece } from "#wire/contract/storage-schemas.ts";
import { VERSION } from "#wire/contract/version.ts";
import { engineRecorder } from "#wire/exchange/engine-recorder.ts";
import { fetchSegment } from "#wire/exchange/fetch-segment.ts";
import { OpenFetches } from "#wire/exchange/open-fetches.ts";
import { pieceReports } from "#wire/exchange/piece-reports.ts";
import type { SegmentFetch, SegmentRequest } from "#wire/exchange/segment-fetch.ts";
import { background } from "./background.ts";
import { durableTables } from "./db.ts";
import { deliveredMessage } from "./delivery-figures.ts";
import type { SegmentAsk } from "./delivery-story.ts";
import { estimateStore } from "./estimate-store.ts";
import type { MediaRequest } from "./intercept.ts";
import { headStart } from "./head-start.ts";
import { intercept } from "./intercept.ts";
import { lookAhead } from "./look-ahead.ts";
import { manifestCache } from "./manifest-cache.ts";
import { pageChannel } from "./page-channel.ts";
import { playheads } from "./playheads.ts";
import { playlists } from "./playlists.ts";
import type { RespondPorts } from "./respond.ts";
import { respond } from "./respond.ts";
import { SEGMENT_CACHE_BYTES, segmentCache } from "./segment-cache.ts";
import { traceFeed } from "./trace-feed.ts";
import { traceLog } from "./trace-log.ts";
import { underWay } from "./under-way.ts";

declare const self: ServiceWorkerGlobalScope;

/** A whole segment from the gateway, body included: hls.js gives up at about this time too. */
const GATEWAY_DEADLINE_MS = 20_000;

const clock = liveClock;
const startedAtMs = clock.wallMs();
const forEver = new AbortController().signal;
const warn = (message: string, cause: unknown) => console.warn(message, cause);

const work = background(warn);
const tables = durableTables(clock, warn);
const estimates = estimateStore({ table: tables.estimates, clock, background: work });
const manifests = manifestCache({ metadata: metadataClient(""), table: tables.manifests, clock, background: work });
const heads = playheads(clock);
const streams = underWay();
const feed = traceFeed({
  traces: () => traces.all(),
  estimates: () => estimates.views(manifests.nodeUrls()),
  clock,
  background: work,
});
const traces = traceLog({ table: tables.traces, clock, background: work, onChange: (trace) => feed.changed(trace) });
const record = (trace: SegmentTrace) => traces.record(trace);
const texts = playlists({
  ask: (path, deadlineMs) => ask(path, { signal: forEver, deadlineMs }),
  table: tables.playlists,
  clock,
  background: work,
});

const recorder = engineRecorder();
const openFetches = new OpenFetches();
const onLost = (piece: BadPiece, error: unknown) => warn(`Cannot report a bad piece on ${piece.nodeId}`, error);
const reports = pieceReports(
  { clock, send: (piece, stop) => redundancyClient("").report(piece, stop), onLost },
  forEver,
);
const newTraceId = () => crypto.randomUUID();
const segments = segmentCache(SEGMENT_CACHE_BYTES);

function startFetch(request: SegmentRequest): SegmentFetch {
  const fetch = fetchSegment(request, {
    clock,
    random: liveRandom,
    fetch: liveFetch,
    digest: sha256,
    estimates: recorder.over(estimates),
    openFetches,
    onTrace: record,
    onBadPiece: (piece) => {
      reports.saw(piece);
      work.add("report a bad piece", reports.settled());
    },
    onStep: recorder.onStep,
  });
  work.add("end a fetch", fetch.done);
  return fetch;
}

const ahead = lookAhead({
  strategies: STRATEGIES_BY_NAME,
  ...{
    clock,
    estimates,
    manifests,
    segments,
    newTraceId,
    playheads: heads,
    fetchSegment: startFetch,
    background: work,
  },
});

const begin = headStart({ playlists: texts, lookAhead: ahead, ready: estimates.ready });

const ports: Omit<RespondPorts, "onDelivered"> = {
  ...{ clock, newTraceId, manifests, segments, record, fetchSegment: startFetch, lookAhead: ahead },
  slackSeconds: (session) => heads.slackSeconds(session),
  ready: estimates.ready,
  askGateway: (path, signal) => ask(`${path}?${QUERY.via}=gateway`, { signal, deadlineMs: GATEWAY_DEADLINE_MS }),
};

function answerSegment(event: FetchEvent, ask: SegmentAsk): void {
  const stop = new AbortController();
  const ended = streams.add(ask.session, ask.request, stop);
  // Looked up now: at the end of the stream the message must leave at once to be there before the last byte.
  const client = ask.request === null ? Promise.resolve(undefined) : self.clients.get(event.clientId);
  const onDelivered = (trace: SegmentTrace) => work.add("tell a page what was delivered", tell(client, ask, trace));
  const { response, done } = respond(ask, { ...ports, onDelivered }, stop);
  event.respondWith(response);
  // Without this Firefox kills a worker in the middle of a stream, and the page takes the short body for the whole one.
  event.waitUntil(done.then(ended).then(() => work.settled()));
}

async function tell(client: Promise<Client | undefined>, ask: SegmentAsk, trace: SegmentTrace): Promise<void> {
  if (ask.request !== null) (await client)?.postMessage(deliveredMessage(trace, traces.all(), ask.request));
}

function answerPlaylist(event: FetchEvent, { address, ...asked }: MediaRequest): void {
  const response = texts.answer(asked.path);
  event.respondWith(response);
  if (address.asks === "master") {
    work.add("begin ahead of the player", begin({ ...asked, address }, address.videoId));
  }
  event.waitUntil(response.then(() => work.settled()));
}

function answerMedia(event: FetchEvent, asked: MediaRequest): void {
  const { address } = asked;
  switch (address.asks) {
    case "master":
    case "playlist":
      answerPlaylist(event, asked);
      return;
    case "init":
      answerSegment(event, { ...asked, place: { ...address, slot: "init", seq: 0 } });
      return;
    case "segment":
      answerSegment(event, { ...asked, place: { ...address, slot: "segment" } });
      return;
    case "poster":
    case "subtitles":
      // Small, asked for once, and of no use to a picture that stalls: the server answers.
      return;
  }
}

const onMessage = pageChannel({
  clock,
  startedAtMs,
  version: VERSION,
  traces,
  feed,
  playheads: {
    set(session, playhead) {
      heads.set(session, playhead);
      ahead.heard(session);
    },
  },
  lookAhead: ahead,
  underWay: streams,
  async record() {
    await estimates.loaded;
    recorder.start(estimates.read(), clock.wallMs());
  },
  recording: () => recorder.recording(),
  claim: () => self.clients.claim(),
  activate: () => self.skipWaiting(),
});

self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const asked = intercept(event.request, self.location.origin);
  if (asked !== undefined) answerMedia(event, asked);
});
self.addEventListener("message", (event) => {
  const page = event.source ?? undefined;
  event.waitUntil(onMessage({ data: event.data, port: event.ports[0], page }));
});
