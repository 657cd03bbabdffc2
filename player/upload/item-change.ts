/** What one event makes of one file of the queue. Pure; queue-state.ts joins the files. */
import { PROBLEM_KINDS } from "#wire/contract/problem.ts";
import type { UploadStatus } from "#wire/contract/upload-api.ts";
import type { QueueCommand, QueueEvent } from "./queue-events.ts";
import type { Failure, ItemState, QueueItem } from "./queue-item.ts";
import { NOTHING_SEEN, seen } from "./transfer-rate.ts";

/** Pauses before each try, then the last one again and again: short for a dropped packet, together with the limit an hour for a server that is being repaired. */
export const RETRY_DELAYS_MS = [250, 500, 1000, 2000, 4000, 8000, 15_000] as const;
export const MAX_TRIES = 240;

const UNTOLD: NonNullable<UploadStatus["failure"]> = {
  code: "internal",
  message: "The server did not say why",
  advice: null,
};

/** An event that concerns one file alone. */
export type OneEvent = Exclude<QueueEvent, { type: "added" | "started" | "online" | "cancel" }>;

/** `item` null takes the file off the list. */
export interface Change {
  readonly item: QueueItem | null;
  readonly commands?: readonly QueueCommand[];
}

/** @param turn a queueing file gets */
export function changeOf(item: QueueItem, event: OneEvent, turn: number): Change | undefined {
  const { id, state } = item;
  const queued = { is: "queued", turn } as const;
  switch (event.type) {
    case "checked": {
      if (state.is !== "checking") return undefined;
      const { fingerprint, earlier } = event;
      if (earlier === undefined) return { item: { ...item, fingerprint, state: { is: "chosen" } } };
      return { item: { ...item, ...earlier, fingerprint, state: queued } };
    }
    case "refused":
      return state.is === "checking" ? { item: { ...item, state: { is: "refused", why: event.why } } } : undefined;
    case "titled":
      return state.is === "checking" || state.is === "chosen" ? { item: { ...item, title: event.title } } : undefined;
    case "created":
      return { item: { ...item, uploadId: event.uploadId } };
    case "progressed":
    case "stumbled":
    case "waited":
    case "sent":
      return state.is === "sending" ? whileSending(item, state, event) : undefined;
    case "rejected":
      if (state.is !== "sending" && state.is !== "processing") return undefined;
      return { item: failed(item, event.failure) };
    case "told":
      if (state.is === "ready")
        return event.status.phase === "ready" ? told(item, event.status, event.nowMs) : undefined;
      return state.is === "processing" ? told(item, event.status, event.nowMs) : undefined;
    case "silent":
      return state.is === "processing" ? { item: { ...item, state: { ...state, trouble: event.why } } } : undefined;
    case "pause": {
      const paused: QueueItem = { ...item, state: { is: "paused", why: null } };
      if (state.is === "sending") return { item: paused, commands: [{ do: "stop", id }] };
      return state.is === "queued" ? { item: paused } : undefined;
    }
    case "resume":
      return state.is === "paused" ? { item: { ...item, state: queued } } : undefined;
    case "again":
      return state.is === "failed" ? again(item, state.failure, turn) : undefined;
    case "dismiss":
      return dismiss(item);
    case "cancelled":
      return state.is === "cancelling" ? { item: null, commands: [{ do: "forget", id }] } : undefined;
    case "not-cancelled":
      return state.is === "cancelling" ? { item: { ...item, state: { ...state, trouble: event.why } } } : undefined;
  }
}

function whileSending(
  item: QueueItem,
  state: Extract<ItemState, { is: "sending" }>,
  event: Extract<OneEvent, { type: "progressed" | "stumbled" | "waited" | "sent" }>,
): Change | undefined {
  const { id } = item;
  switch (event.type) {
    case "progressed": {
      const { sentBytes, nowMs } = event;
      const moved = sentBytes > item.sentBytes;
      return {
        item: {
          ...item,
          sentBytes,
          progression: seen(item.progression, sentBytes, nowMs),
          state: moved ? { is: "sending", trouble: null, tries: 0 } : state,
        },
      };
    }
    case "stumbled": {
      const tries = state.tries + 1;
      if (tries > MAX_TRIES) return { item: { ...item, state: { is: "paused", why: event.why } } };
      const delayMs = RETRY_DELAYS_MS[Math.min(tries, RETRY_DELAYS_MS.length) - 1] ?? RETRY_DELAYS_MS[0];
      return {
        item: { ...item, progression: NOTHING_SEEN, state: { is: "sending", trouble: event.why, tries } },
        commands: [{ do: "wait", id, delayMs }],
      };
    }
    case "waited":
      return state.trouble === null ? undefined : { item, commands: [{ do: "send", id }] };
    case "sent":
      return {
        item: {
          ...item,
          sentBytes: item.sizeBytes,
          progression: NOTHING_SEEN,
          state: { is: "processing", status: null, trouble: null },
        },
        commands: [{ do: "follow", id }],
      };
  }
}

function told(item: QueueItem, status: UploadStatus, nowMs: number): Change {
  if (status.phase === "ready" && status.videoId !== null) {
    const { videoId, chunksAtRisk } = status;
    return { item: { ...item, title: status.title, state: { is: "ready", videoId, chunksAtRisk } } };
  }
  if (status.phase === "failed") {
    const { code, message, advice } = status.failure ?? UNTOLD;
    // Other codes are refusals of the file itself: trying again would end the same.
    const again = Object.hasOwn(PROBLEM_KINDS, code) ? "server" : "none";
    return { item: failed(item, { message, advice, again }) };
  }
  if (status.phase === "cancelled") {
    return { item: failed(item, { message: "The upload was cancelled elsewhere", advice: null, again: "start" }) };
  }
  return {
    item: {
      ...item,
      title: status.title,
      progression: seen(item.progression, status.storedSeconds, nowMs),
      state: { is: "processing", status, trouble: null },
    },
  };
}

function failed(item: QueueItem, failure: Failure): QueueItem {
  return { ...item, progression: NOTHING_SEEN, state: { is: "failed", failure } };
}

function again(item: QueueItem, { again: how }: Failure, turn: number): Change | undefined {
  const queued = { is: "queued", turn } as const;
  switch (how) {
    case "on":
      return { item: { ...item, state: queued } };
    case "start":
      return { item: { ...item, uploadId: null, sentBytes: 0, state: queued } };
    case "server":
      return {
        item: { ...item, state: { is: "processing", status: null, trouble: null } },
        commands: [{ do: "retry-at-server", id: item.id }],
      };
    case "none":
      return undefined;
  }
}

/** A failed upload is dismissed at the server too, or its library would go on showing it. */
function dismiss(item: QueueItem): Change | undefined {
  const { id, state } = item;
  if (!isOver(state)) return undefined;
  if (state.is !== "failed" || item.uploadId === null) return { item: null, commands: [{ do: "forget", id }] };
  return {
    item: { ...item, state: { is: "cancelling", trouble: null } },
    commands: [{ do: "cancel-at-server", id }],
  };
}

/** Nothing will happen to it unless a person does something. */
function isOver(state: ItemState): boolean {
  return state.is === "refused" || state.is === "ready" || state.is === "failed";
}
