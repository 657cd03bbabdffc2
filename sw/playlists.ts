/**
 * HLS playlists: from the server while it lives, else the copy of last time. Without the copies a viewer could neither
 * reload nor change quality while the metadata server is dead, though every segment is at hand.
 */
import * as v from "valibot";
import type { Clock } from "#wire/client/live-clock.ts";
import type { ErrorCode } from "#wire/contract/errors.ts";
import { errorCode } from "#wire/contract/errors.ts";
import { MEDIA_TYPES, NO_STORE, SERVED_BY, SERVED_BY_WORKER } from "#wire/contract/headers.ts";
import { MAX_RENDITIONS } from "#wire/contract/limits.ts";
import { parseMediaPath } from "#wire/contract/paths.ts";
import type { Background } from "./background.ts";
import { problemResponse } from "./problem-response.ts";
import type { Table } from "./table.ts";
import { within } from "./waiting.ts";

/** A server that lives answers in milliseconds; after this the copy is used, well before the player gives up (10 s). */
const PLAYLIST_DEADLINE_MS = 2_000;
/** The database answers in a millisecond; one that hangs must not hang the player, which retries a refusal. */
const COPY_DEADLINE_MS = 1_000;
/** A day at one-second segments is 4 MB; beyond that it is no playlist of ours. */
const MAX_PLAYLIST_CHARACTERS = 4 * 1024 * 1024;
/** Playlists that were asked for before the player did: one for each player that is about to begin. */
const MAX_PREPARED = 16;
/** hls.js asks for a rendition's playlist some tens of milliseconds after the other. */
const PREPARED_MS = 5_000;
/** Failures that say something about the server, not about the playlist: the copy may stand in. */
const SERVER_FAILURES: readonly ErrorCode[] = [
  "unreachable",
  "timeout",
  "unavailable",
  "not-ready",
  "internal",
  "bad-answer",
];

const StoredPlaylistSchema = v.object({ text: v.string() });

export interface PlaylistPorts {
  /** Asks the server for a path; rejects unless it answers 2xx within the deadline. */
  readonly ask: (path: string, deadlineMs: number) => Promise<Response>;
  readonly table: Table;
  readonly clock: Clock;
  readonly background: Background;
}

export interface Playlists {
  /** Answers a request for the playlist at `path`; never rejects. */
  readonly answer: (path: string) => Promise<Response>;
  /** From the server, by the question that is under way if there is one. */
  readonly text: (path: string) => Promise<string>;
  /** The one of last time; undefined when there is none. */
  readonly copy: (path: string) => Promise<string | undefined>;
  /** Asks for a playlist that will be wanted in a moment. */
  readonly prepare: (path: string) => void;
}

export function playlists(ports: PlaylistPorts): Playlists {
  const { table, background } = ports;
  const asking = new Map<string, Promise<string>>();
  const prepared = new Map<string, { readonly text: Promise<string>; readonly askedMs: number }>();

  /** One question for each playlist at a time. */
  function text(path: string): Promise<string> {
    const underWay = asking.get(path);
    if (underWay !== undefined) return underWay;
    const asked = fetchText(path).finally(() => asking.delete(path));
    asking.set(path, asked);
    return asked;
  }

  function prepare(path: string): void {
    const asked = text(path);
    // Whoever asks for it then asks anew.
    asked.catch(() => prepared.delete(path));
    prepared.set(path, { text: asked, askedMs: ports.clock.nowMs() });
    const [oldest] = prepared.keys();
    if (prepared.size > MAX_PREPARED && oldest !== undefined) prepared.delete(oldest);
  }

  /** What was asked for a moment ago is as good as new. Once. */
  async function preparedText(path: string): Promise<string | undefined> {
    const known = prepared.get(path);
    prepared.delete(path);
    if (known === undefined || ports.clock.nowMs() - known.askedMs > PREPARED_MS) return undefined;
    return await known.text.catch(() => undefined);
  }

  async function fetchText(path: string): Promise<string> {
    const response = await ports.ask(path, PLAYLIST_DEADLINE_MS);
    const text = await response.text();
    if (text.length <= MAX_PLAYLIST_CHARACTERS) {
      background.add("keep a playlist", table.put([{ key: path, order: ports.clock.wallMs(), value: { text } }]));
    }
    return text;
  }

  /** The qualities that the player may switch to later must be at hand when the server is gone by then. */
  async function prefetchRenditions(masterPath: string, master: string): Promise<void> {
    for (const path of renditionPaths(masterPath, master)) {
      if ((await table.get(path)) === undefined) await text(path);
    }
  }

  async function copyOf(path: string): Promise<string | undefined> {
    const stored = v.safeParse(StoredPlaylistSchema, await within(table.get(path), COPY_DEADLINE_MS, ports.clock));
    return stored.success ? stored.output.text : undefined;
  }

  async function answer(path: string): Promise<Response> {
    try {
      const known = (await preparedText(path)) ?? (await text(path));
      if (parseMediaPath(path)?.asks === "master") {
        background.add("prefetch the playlists of a video", prefetchRenditions(path, known));
      }
      return playlistResponse(known);
    } catch (error) {
      const code = errorCode(error);
      if (code === "not-found" || code === "gone") background.add("forget a playlist", table.remove([path]));
      const copy = SERVER_FAILURES.includes(code) ? await copyOf(path) : undefined;
      return copy === undefined ? problemResponse(error, path) : playlistResponse(copy);
    }
  }

  return { answer, text, copy: copyOf, prepare };
}

/** Addresses of media playlists that a multivariant playlist (RFC 8216 section 4.3.4) names, at most {@link MAX_RENDITIONS}. */
export function renditionPaths(masterPath: string, text: string): string[] {
  const base = `http://same.origin${masterPath}`;
  const paths = text
    .split(/\r?\n/)
    .filter((line) => line !== "" && !line.startsWith("#") && URL.canParse(line, base))
    .map((line) => new URL(line, base).pathname)
    .filter((path) => parseMediaPath(path)?.asks === "playlist");
  return [...new Set(paths)].slice(0, MAX_RENDITIONS);
}

function playlistResponse(text: string): Response {
  return new Response(text, {
    headers: { "Content-Type": MEDIA_TYPES.playlist, "Cache-Control": NO_STORE, [SERVED_BY]: SERVED_BY_WORKER },
  });
}
