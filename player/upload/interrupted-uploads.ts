/**
 * What this browser has begun to upload, so that another page (after a reload, a crash, a closed tab) can go on with it: a
 * page may not open a file by itself, so the person gives the same file again and is recognised by its fingerprint. Kept
 * in localStorage; pure but for {@link uploadMemory}.
 */
import * as v from "valibot";
import { readStored, writeStored } from "../shell/stored.ts";
import type { QueueItem } from "./queue-item.ts";

/** As many as the server keeps open; the oldest go first. */
const MAX_REMEMBERED = 100;
/** The server forgets an upload without a new byte after a day. */
const REMEMBERED_MS = 24 * 3_600_000;
const STORED_KEY = "uploads";

const RememberedSchema = v.object({
  /** The page that sends it, or sent it. */
  page: v.string(),
  fingerprint: v.string(),
  fileName: v.string(),
  sizeBytes: v.number(),
  title: v.string(),
  group: v.nullable(v.object({ id: v.string(), size: v.number() })),
  uploadId: v.nullable(v.string()),
  /** Unix milliseconds. */
  savedMs: v.number(),
});
export type Remembered = v.InferOutput<typeof RememberedSchema>;

/** Reads the list as it was stored; what cannot be read is forgotten. */
export function parseRemembered(text: string | undefined): readonly Remembered[] {
  if (text === undefined) return [];
  try {
    const parsed = v.safeParse(v.array(v.unknown()), JSON.parse(text));
    if (!parsed.success) return [];
    return parsed.output.flatMap((entry) => {
      const read = v.safeParse(RememberedSchema, entry);
      return read.success ? [read.output] : [];
    });
  } catch {
    return [];
  }
}

/** The list after a file of this page changed: what a later page could go on with is kept, everything else is dropped. */
export function remembering(
  list: readonly Remembered[],
  item: QueueItem,
  now: { readonly page: string; readonly wallMs: number },
): readonly Remembered[] {
  const { fingerprint, fileName, sizeBytes, title, group, uploadId } = item;
  const others = list.filter(
    (entry) => entry.fingerprint !== fingerprint && now.wallMs - entry.savedMs < REMEMBERED_MS,
  );
  if (fingerprint === null || !canGoOn(item)) return others;
  const entry = { page: now.page, fingerprint, fileName, sizeBytes, title, group, uploadId, savedMs: now.wallMs };
  return [...others, entry].slice(-MAX_REMEMBERED);
}

function canGoOn({ state }: QueueItem): boolean {
  if (state.is === "failed") return state.failure.again === "on";
  return state.is === "queued" || state.is === "sending" || state.is === "paused";
}

/** What pages that are no more have left, newest first. */
export function leftBehind(list: readonly Remembered[], livingPages: ReadonlySet<string>): readonly Remembered[] {
  return list.filter(({ page }) => !livingPages.has(page)).sort((a, b) => b.savedMs - a.savedMs);
}

/** The list in this browser. Blocked storage remembers nothing. */
export const uploadMemory = {
  read: (): readonly Remembered[] => parseRemembered(readStored(STORED_KEY)),
  write: (list: readonly Remembered[]): void => writeStored(STORED_KEY, JSON.stringify(list)),
  /** Calls back when another page changed the list, until `signal`. */
  listen(listener: () => void, signal: AbortSignal): void {
    window.addEventListener("storage", (event) => event.key?.endsWith(STORED_KEY) === true && listener(), { signal });
  },
};
