/**
 * A position says where a chunk belongs: which video, which rendition, which slot. It is the key of one register of
 * ChunkPaxos and the name under which a node counts references to a chunk.
 *
 * Text form, used in URLs, on disk and as the register's key:
 * `<videoId>/<renditionId>/init`, `<videoId>/<renditionId>/<seq>`, `<videoId>/poster`, `<videoId>/meta`.
 */
import type { RenditionId, VideoId } from "../ids.ts";
import { parseRenditionId, parseVideoId } from "../ids.ts";

export type Position =
  | { readonly slot: "init"; readonly videoId: VideoId; readonly rendition: RenditionId }
  | { readonly slot: "segment"; readonly videoId: VideoId; readonly rendition: RenditionId; readonly seq: number }
  | { readonly slot: "poster"; readonly videoId: VideoId }
  | { readonly slot: "meta"; readonly videoId: VideoId };

/** Highest segment number. Twelve-second segments reach 138 days with it; it bounds what a URL can ask for. */
export const MAX_SEQ = 999_999;

/** The text form of a position. */
export function positionText(position: Position): string {
  switch (position.slot) {
    case "init":
      return `${position.videoId}/${position.rendition}/init`;
    case "segment":
      return `${position.videoId}/${position.rendition}/${position.seq}`;
    case "poster":
      return `${position.videoId}/poster`;
    case "meta":
      return `${position.videoId}/meta`;
  }
}

/** Reads the text form back; undefined when the text is no position. */
export function parsePosition(text: string): Position | undefined {
  const [video, second, third, ...rest] = text.split("/");
  const videoId = parseVideoId(video ?? "");
  if (videoId === undefined || second === undefined || rest.length > 0) return undefined;
  if (third === undefined) return second === "poster" || second === "meta" ? { slot: second, videoId } : undefined;
  const rendition = parseRenditionId(second);
  if (rendition === undefined) return undefined;
  if (third === "init") return { slot: "init", videoId, rendition };
  const seq = parseSeq(third);
  return seq === undefined ? undefined : { slot: "segment", videoId, rendition, seq };
}

/** A segment number in its one spelling (no sign, no leading zero), 0..{@link MAX_SEQ}; undefined otherwise. */
export function parseSeq(text: string): number | undefined {
  if (!/^(0|[1-9][0-9]{0,5})$/.test(text)) return undefined;
  return Number(text);
}
