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
const AUDIO_GROUP = "audio";
const SUBTITLES_GROUP = "subtitles";
type TrackType = "AUDIO" | "SUBTITLES";

/**
 * The multivariant playlist: the best quality first, every further audio track and all subtitles as tracks beside it.
 *
 * @param session the asker's, or null
 */
export function masterPlaylist(video: Video, session: string | null): string {
  const { qualities, audioTracks, subtitles } = sorted(video.renditions);
  const names = new Set<string>();
  const track = (type: TrackType, rendition: Rendition) => ({
    uri: `${rendition.id}/index.m3u8${sessionQuery(session)}`,
    ...trackFacts(type, rendition, names),
    isDefault: false,
  });
  // The first audio track has no address of its own: it is inside the segments of every quality (section 4.3.4.2.1).
  const [best] = qualities;
  const inside = best === undefined || audioTracks.length === 0 ? [] : [muxedAudio(best, names)];
  const audio = [...inside, ...audioTracks.map((rendition) => track("AUDIO", rendition))];
  const groups = { audio, subtitles: subtitles.map((rendition) => track("SUBTITLES", rendition)) };
  const variants = qualities.map(
    (rendition) =>
      new HLS.types.Variant({
        uri: `${rendition.id}/index.m3u8${sessionQuery(session)}`,
        bandwidth: Math.max(1, rendition.peakBitsPerSecond + peakOf(audioTracks)),
        averageBandwidth: rendition.averageBitsPerSecond,
        codecs: codecsOf([rendition, ...audioTracks]),
        ...(rendition.width === null || rendition.height === null
          ? {}
          : { resolution: { width: rendition.width, height: rendition.height } }),
        ...(rendition.frameRate === null ? {} : { frameRate: rendition.frameRate }),
        ...groups,
      }),
  );
  return text(new HLS.types.MasterPlaylist({ version: HLS_VERSION, independentSegments: true, variants }));
}

/**
 * The playlist of one rendition.
 *
 * @param durationsSeconds of every segment, in order; at least one
 */
export function mediaPlaylist(
  durationsSeconds: readonly number[],
  { session, kind = "video" }: { session: string | null; kind?: Rendition["kind"] },
): string {
  const query = sessionQuery(session);
  const isText = kind === "subtitles";
  const map = new HLS.types.MediaInitializationSection({ uri: `init.mp4${query}`, hint: false });
  const segments = durationsSeconds.map(
    (seconds, seq) =>
      new HLS.types.Segment({
        uri: `${seq}.${isText ? "vtt" : "m4s"}${query}`,
        duration: Math.round(seconds * MICROSECONDS) / MICROSECONDS,
        mediaSequenceNumber: seq,
        discontinuitySequence: 0,
        ...(isText ? {} : { map }),
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

/** Sound without a picture is its own quality: then there is nothing that it could be a track of. */
function sorted(renditions: readonly Rendition[]) {
  const ofKind = (kind: Rendition["kind"]) => renditions.filter((rendition) => rendition.kind === kind);
  const [videos, audios] = [ofKind("video"), ofKind("audio")];
  const qualities = (videos.length > 0 ? videos : audios).sort(byQuality);
  return { qualities, audioTracks: videos.length > 0 ? audios : [], subtitles: ofKind("subtitles") };
}

function muxedAudio({ language, label }: Rendition, names: Set<string>) {
  return { ...trackFacts("AUDIO", { language, label: label ?? language ?? "Original" }, names), isDefault: true };
}

function trackFacts(type: TrackType, { language, label }: Pick<Rendition, "language" | "label">, names: Set<string>) {
  const fallback = type === "AUDIO" ? "Audio" : "Subtitles";
  return {
    type,
    groupId: type === "AUDIO" ? AUDIO_GROUP : SUBTITLES_GROUP,
    name: uniqueName(quotable(label ?? language ?? fallback) || fallback, { type, names }),
    ...(language === null || quotable(language) === "" ? {} : { language: quotable(language) }),
    autoselect: true,
    forced: false,
  };
}

/** Names are unique within a group (section 4.3.4.1.1). */
function uniqueName(name: string, { type, names }: { type: string; names: Set<string> }): string {
  for (let count = 1; ; count += 1) {
    const unique = count === 1 ? name : `${name} ${count}`;
    if (names.has(`${type} ${unique}`)) continue;
    names.add(`${type} ${unique}`);
    return unique;
  }
}

/** A quoted string holds no quote and no line break (section 4.2), and whoever reads it sees no other control character. */
function quotable(text: string): string {
  return text
    .replaceAll('"', "'")
    .replaceAll(/\p{Cc}+/gu, " ")
    .trim();
}

function codecsOf(renditions: readonly Rendition[]): string {
  const codecs = renditions.flatMap((rendition) => quotable(rendition.codecs).split(","));
  return [...new Set(codecs.map((codec) => codec.trim()))].filter((codec) => codec !== "").join(",");
}

function peakOf(tracks: readonly Rendition[]): number {
  return Math.max(0, ...tracks.map((track) => track.peakBitsPerSecond));
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
