/** Events in, commands out: the vocabulary of the upload queue. */
import type { UploadStatus } from "#wire/contract/upload-api.ts";
import type { Failure, Group } from "./queue-item.ts";

export interface AddedFile {
  readonly id: string;
  readonly fileName: string;
  readonly sizeBytes: number;
}

/** What an earlier page had begun with the same content. */
export interface EarlierUpload {
  /** Null when the earlier page had not come to it yet. */
  readonly uploadId: string | null;
  readonly title: string;
  readonly group: Group | null;
}

export type QueueEvent =
  | { readonly type: "added"; readonly files: readonly AddedFile[] }
  /** A file may be sent; with `earlier` it goes on by itself. */
  | {
      readonly type: "checked";
      readonly id: string;
      readonly fingerprint: string;
      readonly earlier: EarlierUpload | undefined;
    }
  | { readonly type: "refused"; readonly id: string; readonly why: string }
  | { readonly type: "titled"; readonly id: string; readonly title: string }
  /** The person starts everything that is chosen. `group`: as one video, under this title. */
  | { readonly type: "started"; readonly group: { readonly id: string; readonly title: string } | null }
  | { readonly type: "created"; readonly id: string; readonly uploadId: string }
  | { readonly type: "progressed"; readonly id: string; readonly sentBytes: number; readonly nowMs: number }
  /** The connection broke, or the server is away or busy: it will pass. */
  | { readonly type: "stumbled"; readonly id: string; readonly why: string }
  /** The pause before the next try is over. */
  | { readonly type: "waited"; readonly id: string }
  | { readonly type: "online" }
  | { readonly type: "sent"; readonly id: string }
  | { readonly type: "rejected"; readonly id: string; readonly failure: Failure }
  | { readonly type: "told"; readonly id: string; readonly status: UploadStatus; readonly nowMs: number }
  | { readonly type: "silent"; readonly id: string; readonly why: string }
  | { readonly type: "pause" | "resume" | "again" | "dismiss"; readonly id: string }
  /** Of a file of a group: all of the group. */
  | { readonly type: "cancel"; readonly id: string }
  | { readonly type: "cancelled"; readonly id: string }
  | { readonly type: "not-cancelled"; readonly id: string; readonly why: string };

export type QueueCommand =
  /** Send what the server does not have yet; creates the upload there when it has none. */
  | { readonly do: "send"; readonly id: string }
  /** Stop sending; what was sent stays at the server. */
  | { readonly do: "stop"; readonly id: string }
  /** Answer `waited` after so long. */
  | { readonly do: "wait"; readonly id: string; readonly delayMs: number }
  /** Take everything back at the server. */
  | { readonly do: "cancel-at-server"; readonly id: string }
  /** Ask the server to begin a failed job again, and follow it. */
  | { readonly do: "retry-at-server"; readonly id: string }
  | { readonly do: "follow"; readonly id: string }
  /** Forget the file itself, its timers and what was remembered of it for another page. */
  | { readonly do: "forget"; readonly id: string };
