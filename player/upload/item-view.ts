/** What a file of the queue shows: phases, a headline, how far it is, how fast it goes. Pure: state in, words out. */
import type { UploadStatus } from "#wire/contract/upload-api.ts";
import { bytesText, clockText, counted } from "../charts/quantities.ts";
import type { QueueItem } from "./queue-item.ts";
import type { Progression } from "./transfer-rate.ts";
import { leftText, ratePerSecond, secondsLeft } from "./transfer-rate.ts";

/** Packaging and distributing go hand in hand: a piece is sent to the nodes as soon as it is cut. */
export const PHASE_NAMES = ["Receive", "Probe", "Package", "Distribute", "Verify"] as const;
export type PhaseMark = "done" | "now" | "ahead";

export interface ItemView {
  /** One mark for each of {@link PHASE_NAMES}; undefined before the start and after a refusal. */
  readonly phases: readonly PhaseMark[] | undefined;
  readonly headline: string;
  /** Rate and time left, or what else is worth a second line; "" for nothing. */
  readonly detail: string;
  /** Share done of the present phase; null while nobody knows, undefined when nothing is under way. */
  readonly share: number | null | undefined;
  readonly tone: "plain" | "good" | "warn" | "bad";
  /** Chunks that would not survive two losses. */
  readonly chunksAtRisk: number;
}

export function viewOf(item: QueueItem, nowMs: number): ItemView {
  const { state } = item;
  const size = bytesText(item.sizeBytes);
  switch (state.is) {
    case "checking":
      return plain("Reading its first bytes", { share: null });
    case "refused":
      return plain(state.why, { tone: "bad" });
    case "chosen":
      return plain(`${size}, ready to be sent`);
    case "queued":
      return plain(`${size}, waits for its turn`, { phases: marks(0) });
    case "sending":
      return sendingView(item, state.trouble, nowMs);
    case "paused":
      return plain(`Paused at ${bytesText(item.sentBytes)} of ${size}`, {
        ...{ phases: marks(0), share: item.sentBytes / item.sizeBytes, tone: state.why === null ? "plain" : "warn" },
        detail: state.why ?? "",
      });
    case "processing":
      return processingView(item, state, nowMs);
    case "ready":
      return readyView(state.chunksAtRisk);
    case "failed":
      return plain(state.failure.message, { tone: "bad", detail: state.failure.advice ?? "" });
    case "cancelling":
      return state.trouble === null
        ? plain("Taking everything back", { share: null })
        : plain("It could not be taken back", { tone: "bad", detail: state.trouble });
  }
}

function plain(headline: string, more: Partial<ItemView> = {}): ItemView {
  return { phases: undefined, headline, detail: "", share: undefined, tone: "plain", chunksAtRisk: 0, ...more };
}

function marks(now: number): readonly PhaseMark[] {
  return PHASE_NAMES.map((_, index) => (index < now ? "done" : index === now ? "now" : "ahead"));
}

function sendingView(item: QueueItem, trouble: string | null, nowMs: number): ItemView {
  const { sentBytes, sizeBytes, progression } = item;
  const headline = `${bytesText(sentBytes)} of ${bytesText(sizeBytes)} sent`;
  const base = { phases: marks(0), share: sentBytes / sizeBytes };
  if (trouble !== null) return plain(headline, { ...base, tone: "warn", detail: `${trouble}. Trying again by itself` });
  const rate = ratePerSecond(progression, nowMs);
  const left = secondsLeft(progression, sizeBytes, nowMs);
  const detail = [rate === null ? "" : `${bytesText(rate)}/s`, left === null ? "" : leftText(left)];
  return plain(headline, { ...base, detail: detail.filter((part) => part !== "").join(", ") });
}

function processingView(
  { group, progression }: QueueItem,
  { status, trouble }: { readonly status: UploadStatus | null; readonly trouble: string | null },
  nowMs: number,
): ItemView {
  const view =
    status === null
      ? plain("Received, waiting for the server's word", { phases: marks(1), share: null })
      : viewOfStatus(status, { progression, nowMs, isGrouped: group !== null });
  return trouble === null ? view : { ...view, tone: "warn", detail: `${trouble}. Asking again by itself` };
}

export interface StatusSurroundings {
  /** Seconds of media stored. */
  readonly progression: Progression;
  readonly nowMs: number;
  readonly isGrouped: boolean;
}

/** An upload as the server tells of it, whoever sends it. */
export function viewOfStatus(status: UploadStatus, { progression, nowMs, isGrouped }: StatusSurroundings): ItemView {
  const { phase, receivedBytes, sizeBytes, storedSeconds, durationSeconds, chunksStored, chunksAtRisk } = status;
  const notice = status.notice ?? "";
  const tone = notice === "" ? "plain" : "warn";
  switch (phase) {
    case "receiving":
      return plain(`${bytesText(receivedBytes)} of ${bytesText(sizeBytes)} received`, {
        ...{ phases: marks(0), share: sizeBytes > 0 ? receivedBytes / sizeBytes : null, detail: notice, tone },
      });
    case "waiting": {
      const forWhat = isGrouped ? "the other files of the video, or its turn" : "its turn";
      return plain(`Received, waits for ${forWhat}`, { phases: marks(1), share: null, detail: notice, tone });
    }
    case "probing":
      return plain("Looking into the file", { phases: marks(1), share: null, detail: notice, tone });
    case "packaging": {
      const left = secondsLeft(progression, durationSeconds, nowMs);
      const stored = `${clockText(storedSeconds)} of ${clockText(durationSeconds)} stored, ${counted(chunksStored, "chunk")}`;
      return plain(durationSeconds > 0 ? stored : "Packaging begins", {
        // Both at once: what is cut is distributed at once.
        phases: PHASE_NAMES.map((_, index) => (index < 2 ? "done" : index < 4 ? "now" : "ahead")),
        share: durationSeconds > 0 ? Math.min(1, storedSeconds / durationSeconds) : null,
        detail: notice !== "" ? notice : left === null ? "" : leftText(left),
        ...{ tone, chunksAtRisk },
      });
    }
    case "verifying":
      return plain(`Asking the nodes whether they have all of its ${counted(chunksStored, "chunk")}`, {
        ...{ phases: marks(4), share: null, detail: notice, tone, chunksAtRisk },
      });
    case "ready":
      return readyView(chunksAtRisk);
    case "failed":
      return plain(status.failure?.message ?? "The server did not say why it failed", {
        tone: "bad",
        detail: status.failure?.advice ?? "",
      });
    case "cancelled":
      return plain("Cancelled");
  }
}

function readyView(chunksAtRisk: number): ItemView {
  return plain("Stored. It can be watched", {
    phases: PHASE_NAMES.map(() => "done"),
    tone: chunksAtRisk === 0 ? "good" : "warn",
    chunksAtRisk,
  });
}

/** What "at risk" means, with the number; "" when nothing is. */
export function atRiskText(chunksAtRisk: number): string {
  return chunksAtRisk === 0 ? "" : `At risk: ${counted(chunksAtRisk, "chunk")} with fewer than three copies so far`;
}
