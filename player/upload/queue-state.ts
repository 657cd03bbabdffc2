/**
 * The upload queue as a state machine: which file is sent now, which waits, what a broken connection, a pause, a cancel and
 * each word of the server lead to. Pure: upload-queue.ts carries the commands out and reports back.
 *
 * An event that does not fit the state of its file is ignored: answers of a send that was stopped may still come in.
 */
import type { OneEvent } from "./item-change.ts";
import { changeOf } from "./item-change.ts";
import type { QueueCommand, QueueEvent } from "./queue-events.ts";
import type { QueueItem } from "./queue-item.ts";
import { titleOf } from "./queue-item.ts";
import { NOTHING_SEEN } from "./transfer-rate.ts";

/** A browser opens six connections to one server (HTTP/1.1): three are left for the rest of the page. */
export const MAX_SENDS = 3;
/** As many as the server keeps open. */
export const MAX_ITEMS = 100;
export interface Queue {
  readonly items: readonly QueueItem[];
  /** Of the next file that queues up. */
  readonly nextTurn: number;
}

export interface Step {
  readonly queue: Queue;
  readonly commands: readonly QueueCommand[];
}

export const EMPTY_QUEUE: Queue = { items: [], nextTurn: 1 };

export function advance(queue: Queue, event: QueueEvent): Step {
  return fillPlaces(react(queue, event));
}

/** Gives free places to whoever waits longest. */
function fillPlaces({ queue, commands }: Step): Step {
  const free = MAX_SENDS - queue.items.filter(({ state }) => state.is === "sending").length;
  const turnOf = ({ state }: QueueItem) => (state.is === "queued" ? state.turn : Infinity);
  const next = queue.items
    .filter(({ state }) => state.is === "queued")
    .sort((a, b) => turnOf(a) - turnOf(b))
    .slice(0, Math.max(0, free));
  if (next.length === 0) return { queue, commands };
  const chosen = new Set(next.map(({ id }) => id));
  const items = queue.items.map((item) =>
    chosen.has(item.id)
      ? { ...item, progression: NOTHING_SEEN, state: { is: "sending", trouble: null, tries: 0 } as const }
      : item,
  );
  return {
    queue: { ...queue, items },
    commands: [...commands, ...next.map(({ id }) => ({ do: "send", id }) as const)],
  };
}

function react(queue: Queue, event: QueueEvent): Step {
  switch (event.type) {
    case "added": {
      const room = MAX_ITEMS - queue.items.length;
      const items = event.files.slice(0, Math.max(0, room)).map((file) => newItem(file));
      return quiet({ ...queue, items: [...queue.items, ...items] });
    }
    case "started":
      return start(queue, event.group);
    case "online":
      return online(queue);
    case "cancel":
      return cancel(queue, event.id);
    case "checked":
    case "refused":
    case "titled":
    case "created":
    case "progressed":
    case "stumbled":
    case "waited":
    case "sent":
    case "rejected":
    case "told":
    case "silent":
    case "pause":
    case "resume":
    case "again":
    case "dismiss":
    case "cancelled":
    case "not-cancelled":
      return reactOne(queue, event);
  }
}

function reactOne(queue: Queue, event: OneEvent): Step {
  const item = queue.items.find(({ id }) => id === event.id);
  const change = item === undefined ? undefined : changeOf(item, event, queue.nextTurn);
  if (item === undefined || change === undefined) return quiet(queue);
  const items = queue.items.flatMap((one) => {
    if (one !== item) return [one];
    return change.item === null ? [] : [change.item];
  });
  const queued = change.item?.state.is === "queued" && item.state.is !== "queued" ? 1 : 0;
  return { queue: { items, nextTurn: queue.nextTurn + queued }, commands: change.commands ?? [] };
}

function start(queue: Queue, group: { readonly id: string; readonly title: string } | null): Step {
  const size = queue.items.filter(({ state }) => state.is === "chosen").length;
  const grouped = group !== null && size > 1 ? { id: group.id, size } : null;
  let { nextTurn } = queue;
  const items = queue.items.map((item): QueueItem => {
    if (item.state.is !== "chosen") return item;
    const title = (grouped === null ? item.title : (group?.title ?? "")).trim() || titleOf(item.fileName);
    return { ...item, title, group: grouped, state: { is: "queued", turn: nextTurn++ } };
  });
  return quiet({ items, nextTurn });
}

/** Back on the network: nobody waits for the end of a pause. */
function online(queue: Queue): Step {
  const waiting = queue.items.filter(({ state }) => state.is === "sending" && state.trouble !== null);
  return { queue, commands: waiting.map(({ id }) => ({ do: "send", id })) };
}

/** Files of a group are one video: the server takes them back together, and so does the list. */
function cancel(queue: Queue, id: string): Step {
  const chosen = queue.items.find((item) => item.id === id);
  if (chosen === undefined) return quiet(queue);
  const groupId = chosen.group?.id;
  const commands: QueueCommand[] = [];
  const items = queue.items.flatMap((item): QueueItem[] => {
    if (item !== chosen && (groupId === undefined || item.group?.id !== groupId)) return [item];
    if (item.state.is === "ready" || (item !== chosen && item.state.is === "refused")) return [item];
    // While the first request is under way the server's name for the upload is not known yet: cancelling waits for it.
    if (item.uploadId === null && item.state.is !== "sending") {
      commands.push({ do: "forget", id: item.id });
      return [];
    }
    commands.push({ do: "cancel-at-server", id: item.id });
    return [{ ...item, state: { is: "cancelling", trouble: null } }];
  });
  return { queue: { ...queue, items }, commands };
}

/** Leaving the page would stop it. */
export function isUnderWay({ state }: QueueItem): boolean {
  return state.is === "sending" || state.is === "queued" || state.is === "cancelling";
}

function newItem({ id, fileName, sizeBytes }: { id: string; fileName: string; sizeBytes: number }): QueueItem {
  return {
    ...{ id, fileName, sizeBytes, title: titleOf(fileName), group: null, fingerprint: null, uploadId: null },
    ...{ sentBytes: 0, progression: NOTHING_SEEN, state: { is: "checking" } },
  };
}

function quiet(queue: Queue): Step {
  return { queue, commands: [] };
}
