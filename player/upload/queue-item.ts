/** One file of the upload queue: what it is, and where it stands. */
import type { VideoId } from "#core/ids.ts";
import { MAX_TITLE_CHARACTERS } from "#wire/contract/limits.ts";
import type { UploadStatus } from "#wire/contract/upload-api.ts";
import type { Progression } from "./transfer-rate.ts";

/** Why something ended, for people. */
export interface Failure {
  readonly message: string;
  /** What would help. */
  readonly advice: string | null;
  /**
   * What "Try again" would do: go `on` where it stopped, `start` from the first byte, ask the `server` to begin its job
   * again; `none` when another file is needed.
   */
  readonly again: "on" | "start" | "server" | "none";
}

/**
 * ```
 * checking -> refused
 *          -> chosen -> queued <-> sending -> processing -> ready
 *                          \        /   \          \
 *                           paused <     failed <---'      any with an upload -> cancelling -> (gone)
 * ```
 */
export type ItemState =
  /** Its first bytes are being read. */
  | { readonly is: "checking" }
  /** Nothing was sent and nothing will be. */
  | { readonly is: "refused"; readonly why: string }
  /** Waits for the person to start it. */
  | { readonly is: "chosen" }
  /** Waits for a free place; lower numbers first. */
  | { readonly is: "queued"; readonly turn: number }
  /** `trouble`: the connection broke, the `tries`-th try comes by itself. */
  | { readonly is: "sending"; readonly trouble: string | null; readonly tries: number }
  | { readonly is: "paused"; readonly why: string | null }
  /** The server has every byte. `status` is null before its first word. */
  | { readonly is: "processing"; readonly status: UploadStatus | null; readonly trouble: string | null }
  | { readonly is: "ready"; readonly videoId: VideoId; readonly chunksAtRisk: number }
  | { readonly is: "failed"; readonly failure: Failure }
  | { readonly is: "cancelling"; readonly trouble: string | null };

/** Files that become one video: its qualities, its subtitles. */
export interface Group {
  readonly id: string;
  readonly size: number;
}

export interface QueueItem {
  /** Name within this page. */
  readonly id: string;
  readonly fileName: string;
  readonly sizeBytes: number;
  readonly title: string;
  readonly group: Group | null;
  /** Known once checked. */
  readonly fingerprint: string | null;
  /** The server's name of the upload, known once it was created there. */
  readonly uploadId: string | null;
  readonly sentBytes: number;
  /** Of the present phase: bytes while sending, seconds of media while the server stores. */
  readonly progression: Progression;
  readonly state: ItemState;
}

/** What a file is called when nobody gave it a title; a name may be longer than a title. */
export function titleOf(fileName: string): string {
  const dot = fileName.lastIndexOf(".");
  const stem = dot > 0 ? fileName.slice(0, dot) : fileName;
  const title = stem.replaceAll(/[_\s]+/g, " ").trim() || "Untitled video";
  // A pair of surrogates is not cut in two.
  return title.slice(0, MAX_TITLE_CHARACTERS).replace(/[\uD800-\uDBFF]$/, "");
}
