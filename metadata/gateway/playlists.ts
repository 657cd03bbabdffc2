/**
 * HLS playlists (RFC 8216, version 7) of a ready video, written by hls-parser. Addresses are relative, so that the same
 * text works behind any host name; a player's `session` is carried on, because native players follow only what is written.
 */
import HLS from "hls-parser";
import type { Rendition, Video } from "#wire/contract/catalog-api.ts";
import { QUERY } from "#wire/contract/paths.ts";

/** EXT-X-MAP in a playlist that is not I-frames only needs 6; 7 is what CMAF players expect. */
const HLS_VERSION = 7;
/** EXTINF carries microseconds: finer than any frame, and free of floating point noise. */
const MICROSECONDS = 1_000_000;

/**
 * The multivariant playlist: the best rendition first.
 *
 * @param session the asker's, or null
 */
export function masterPlaylist(video: Video, session: string | null): string {
  const variants = [...video.renditions].sort(byQuality).map(
    (rendition) =>
      new HLS.types.Variant({
        uri: `${rendition.id}/index.m3u8${sessionQuery(session)}`,
        bandwidth: Math.max(1, rendition.peakBitsPerSecond),
        averageBandwidth: rendition.averageBitsPerSecond,
        codecs: rendition.codecs,
        ...(rendition.width === null || rendition.height === null
          ? {}
          : { resolution: { width: rendition.width, height: rendition.height } }),
        ...(rendition.frameRate === null ? {} : { frameRate: rendition.frameRate }),
      }),
  );
  return text(new HLS.types.MasterPlaylist({ version: HLS_VERSION, independentSegments: true, variants }));
}

/**
 * The playlist of one rendition.
 *
 * @param durationsSeconds of every segment, in order; at least one
 */
export function mediaPlaylist(durationsSeconds: readonly number[], session: string | null): string {
  const query = sessionQuery(session);
  const map = new HLS.types.MediaInitializationSection({ uri: `init.mp4${query}`, hint: false });
  const segments = durationsSeconds.map(
    (seconds, seq) =>
      new HLS.types.Segment({
        uri: `${seq}.m4s${query}`,
        duration: Math.round(seconds * MICROSECONDS) / MICROSECONDS,
        mediaSequenceNumber: seq,
        discontinuitySequence: 0,
        map,
      }),
  );
  const playlist = new HLS.types.MediaPlaylist({
    version: HLS_VERSION,
    playlistType: "VOD",
    // RFC 8216 section 4.3.3.1 wants an integer that no rounded duration exceeds; rounding up is safe for every reader.
    targetDuration: Math.max(1, Math.ceil(Math.max(0, ...durationsSeconds))),
    endlist: true,
    segments,
  });
  return text(playlist);
}

function text(playlist: HLS.types.MasterPlaylist | HLS.types.MediaPlaylist): string {
  return `${HLS.stringify(playlist).trimEnd()}\n`;
}

function byQuality(a: Rendition, b: Rendition): number {
  return (b.height ?? 0) - (a.height ?? 0) || b.peakBitsPerSecond - a.peakBitsPerSecond;
}

function sessionQuery(session: string | null): string {
  return session === null ? "" : `?${QUERY.session}=${encodeURIComponent(session)}`;
}
