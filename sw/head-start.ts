/**
 * What a player will ask for is known as soon as it asks for the multivariant playlist: the playlist of a rendition, its
 * header, its first segment. hls.js asks for one after the other, and each waits for the server or for the nodes; begun
 * together, the first frame waits for the longest alone. Once for each session and video.
 */
import type { VideoId } from "#core/ids.ts";
import { PATHS } from "#wire/contract/paths.ts";
import type { MediaRequest } from "./intercept.ts";
import { likelyRendition } from "./likely-rendition.ts";
import type { LookAhead } from "./look-ahead.ts";
import type { Playlists } from "./playlists.ts";

/** Players remembered, so that a playlist that is asked for again begins nothing. */
const MAX_BEGUN = 64;

export interface HeadStartPorts {
  readonly playlists: Pick<Playlists, "copy" | "text" | "prepare">;
  readonly lookAhead: Pick<LookAhead, "expect">;
  /** Resolves when the estimates are loaded, or took too long. */
  readonly ready: Promise<void>;
}

/** Rejects when no playlist can be had: the player will hear of that by itself. */
export type HeadStart = (asked: MediaRequest, videoId: VideoId) => Promise<void>;

export function headStart({ playlists, lookAhead, ready }: HeadStartPorts): HeadStart {
  const begun = new Set<string>();

  return async (asked, videoId) => {
    const key = `${asked.session} ${videoId}`;
    if (begun.has(key)) return;
    begun.add(key);
    const [oldest] = begun;
    if (begun.size > MAX_BEGUN && oldest !== undefined) begun.delete(oldest);
    // Of an earlier visit: the qualities of a video stay, and a wrong guess costs little.
    const text = (await playlists.copy(asked.path)) ?? (await playlists.text(asked.path));
    const rendition = likelyRendition(asked.path, text, asked.bitsPerSecond);
    if (rendition === undefined) return;
    playlists.prepare(PATHS.mediaPlaylist(videoId, rendition));
    await ready;
    lookAhead.expect({ ...asked, place: { videoId, rendition, slot: "init", seq: 0 } });
  };
}
