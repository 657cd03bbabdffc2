/**
 * The queue of this page: carries out what queue-state.ts decides. It belongs to the page and not to an element, so that
 * uploads go on while the person looks at the library.
 */
import { liveClock } from "#wire/client/live-clock.ts";
import { metadataClient } from "#wire/client/metadata-client.ts";
import { errorCode } from "#wire/contract/errors.ts";
import { randomName } from "../shell/random-name.ts";
import { showUploading } from "../shell/uploading-mark.ts";
import { checkFile, HEAD_BYTES } from "./file-check.ts";
import { fileFingerprint } from "./file-fingerprint.ts";
import { followUpload } from "./follow-upload.ts";
import type { Remembered } from "./interrupted-uploads.ts";
import { leftBehind, remembering, uploadMemory } from "./interrupted-uploads.ts";
import { holdPage, livingPages } from "./living-pages.ts";
import type { QueueCommand, QueueEvent } from "./queue-events.ts";
import type { QueueItem } from "./queue-item.ts";
import type { Queue } from "./queue-state.ts";
import { advance, EMPTY_QUEUE, isUnderWay, MAX_ITEMS } from "./queue-state.ts";
import type { Sending } from "./send-file.ts";
import { sendFile } from "./send-file.ts";
import type { SendOutcome } from "./send-outcome.ts";

/** Open connections for events: of the browser's six, three send. */
const MAX_EVENT_SOURCES = 1;

/** What belongs to a file of the queue beyond its state. */
interface Work {
  readonly file: File;
  sending: Sending | undefined;
  /** The end of an earlier send, which may still learn the upload's name from the server. */
  stopping: Promise<string | undefined> | undefined;
  timer: ReturnType<typeof setTimeout> | undefined;
  /** Ends the following. */
  follow: AbortController | undefined;
  isListening: boolean;
}

class UploadQueue {
  #queue: Queue = EMPTY_QUEUE;
  readonly #page = randomName();
  readonly #works = new Map<string, Work>();
  readonly #listeners = new Set<() => void>();

  constructor() {
    window.addEventListener("online", () => this.#happen({ type: "online" }));
    window.addEventListener("beforeunload", (event) => {
      if (this.#queue.items.some(isUnderWay)) event.preventDefault();
    });
    holdPage(this.#page);
  }

  get items(): readonly QueueItem[] {
    return this.#queue.items;
  }

  /** Calls back at every change, until the returned function is called. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Puts files on the list and checks them. @returns how many did not fit any more */
  add(files: readonly File[]): number {
    const fitting = files.slice(0, Math.max(0, MAX_ITEMS - this.items.length));
    const named = fitting.map((file) => ({ id: randomName(), file }));
    this.#happen({
      type: "added",
      files: named.map(({ id, file }) => ({ id, fileName: file.name, sizeBytes: file.size })),
    });
    for (const { id, file } of named) {
      this.#works.set(id, {
        file,
        sending: undefined,
        stopping: undefined,
        timer: undefined,
        follow: undefined,
        isListening: false,
      });
      void this.#check(id, file);
    }
    return files.length - fitting.length;
  }

  rename(id: string, title: string): void {
    this.#happen({ type: "titled", id, title });
  }

  /** @param groupTitle title of the one video that the files become; undefined makes one of each */
  start(groupTitle?: string): void {
    const group = groupTitle === undefined ? null : { id: randomName(), title: groupTitle };
    this.#happen({ type: "started", group });
  }

  act(type: "pause" | "resume" | "cancel" | "again" | "dismiss", id: string): void {
    this.#happen({ type, id });
  }

  /** What earlier pages have begun and nobody sends now. */
  async interrupted(): Promise<readonly Remembered[]> {
    const here = new Set(this.items.map(({ fingerprint }) => fingerprint));
    const left = leftBehind(uploadMemory.read(), await livingPages(this.#page));
    return left.filter(({ fingerprint }) => !here.has(fingerprint));
  }

  /** Takes back what an earlier page has begun. @throws VStackError when the server does not confirm */
  async abandon({ fingerprint, uploadId }: Remembered, signal: AbortSignal): Promise<void> {
    if (uploadId !== null) await removeAtServer(uploadId, signal);
    uploadMemory.write(uploadMemory.read().filter((entry) => entry.fingerprint !== fingerprint));
    this.#tell();
  }

  #happen(event: QueueEvent): void {
    const before = this.#queue;
    const { queue, commands } = advance(before, event);
    this.#queue = queue;
    if (event.type !== "progressed" && event.type !== "told") this.#remember(before);
    for (const command of commands) this.#carryOut(command);
    this.#tell();
  }

  #tell(): void {
    showUploading(this.items.filter(isUnderWay).length);
    for (const listener of [...this.#listeners]) listener();
  }

  /** Keeps the memory of this browser in step with what changed. */
  #remember(before: Queue): void {
    const unchanged = new Set(before.items);
    const changed = this.items.filter((item) => !unchanged.has(item) && item.fingerprint !== null);
    const ids = new Set(this.items.map(({ id }) => id));
    const removed = before.items.filter((item) => !ids.has(item.id) && item.fingerprint !== null);
    if (changed.length + removed.length === 0) return;
    const now = { page: this.#page, wallMs: liveClock.wallMs() };
    let list = uploadMemory.read();
    for (const item of changed) list = remembering(list, item, now);
    for (const item of removed) list = list.filter(({ fingerprint }) => fingerprint !== item.fingerprint);
    uploadMemory.write(list);
  }

  async #check(id: string, file: File): Promise<void> {
    try {
      const head = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
      const refusal = checkFile({ name: file.name, sizeBytes: file.size, head });
      const fingerprint = refusal === undefined ? await fileFingerprint(file) : "";
      const twin = this.items.find(
        ({ fingerprint: known, state }) => known === fingerprint && state.is !== "failed" && state.is !== "ready",
      );
      const why = refusal ?? (twin === undefined ? undefined : `“${file.name}” is in the list already`);
      if (why !== undefined) {
        this.#happen({ type: "refused", id, why });
        return;
      }
      const earlier = (await this.interrupted()).find((entry) => entry.fingerprint === fingerprint);
      this.#happen({ type: "checked", id, fingerprint, earlier: earlier === undefined ? undefined : pick(earlier) });
    } catch {
      const why = `“${file.name}” cannot be read. A folder cannot be uploaded; a file that was moved must be chosen again.`;
      this.#happen({ type: "refused", id, why });
    }
  }

  #carryOut(command: QueueCommand): void {
    const work = this.#works.get(command.id);
    const item = this.items.find(({ id }) => id === command.id);
    if (work === undefined) return;
    switch (command.do) {
      case "send":
        void this.#send(command.id, work);
        return;
      case "stop":
        void this.#stop(work);
        return;
      case "wait":
        clearTimeout(work.timer);
        work.timer = setTimeout(() => this.#happen({ type: "waited", id: command.id }), command.delayMs);
        return;
      case "follow":
        if (item !== undefined) this.#follow(item, work);
        return;
      case "retry-at-server":
        if (item !== undefined) void this.#retry(item, work);
        return;
      case "cancel-at-server":
        if (item !== undefined) void this.#cancel(item, work);
        return;
      case "forget":
        void this.#stop(work);
        this.#works.delete(command.id);
    }
  }

  async #send(id: string, work: Work): Promise<void> {
    clearTimeout(work.timer);
    await work.stopping;
    const item = this.items.find((one) => one.id === id);
    // Back on the network while a try is under way: that try will do.
    if (item?.state.is !== "sending" || work.sending !== undefined) return;
    work.sending = sendFile(work.file, item, {
      onCreated: (uploadId) => this.#happen({ type: "created", id, uploadId }),
      onProgress: (sentBytes) => this.#happen({ type: "progressed", id, sentBytes, nowMs: liveClock.nowMs() }),
      onSent: () => {
        work.sending = undefined;
        this.#happen({ type: "sent", id });
      },
      onFailed: (outcome) => {
        work.sending = undefined;
        void this.#failed(id, work.file, outcome);
      },
    });
  }

  /** A file that was moved or changed shows to the network as a broken connection: a look at the file tells them apart. */
  async #failed(id: string, file: File, outcome: SendOutcome): Promise<void> {
    if (outcome.is === "rejected") {
      this.#happen({ type: "rejected", id, failure: outcome.failure });
      return;
    }
    try {
      await file.slice(0, 1).arrayBuffer();
      this.#happen({ type: "stumbled", id, why: outcome.why });
    } catch {
      const message = `“${file.name}” can no longer be read`;
      const advice = "It was moved or changed. Put it back, or choose it again";
      this.#happen({ type: "rejected", id, failure: { message, advice, again: "on" } });
    }
  }

  async #stop(work: Work): Promise<string | undefined> {
    clearTimeout(work.timer);
    work.follow?.abort();
    const { sending } = work;
    work.sending = undefined;
    if (sending !== undefined) work.stopping = sending.stop();
    return await work.stopping;
  }

  #follow({ id, uploadId }: QueueItem, work: Work): void {
    if (uploadId === null) return;
    work.follow?.abort();
    const follow = new AbortController();
    work.follow = follow;
    const listening = [...this.#works.values()].filter(({ isListening }) => isListening).length;
    work.isListening = listening < MAX_EVENT_SOURCES;
    const events = {
      onStatus: (status: Extract<QueueEvent, { type: "told" }>["status"]) =>
        this.#happen({ type: "told", id, status, nowMs: liveClock.nowMs() }),
      onSilent: (why: string) => this.#happen({ type: "silent", id, why }),
      onGone: () =>
        this.#happen({
          type: "rejected",
          id,
          failure: { message: "The server no longer knows this upload", advice: null, again: "start" },
        }),
    };
    void followUpload(uploadId, work.isListening, events, follow.signal).finally(() => {
      if (work.follow === follow) work.isListening = false;
    });
  }

  async #retry(item: QueueItem, work: Work): Promise<void> {
    if (item.uploadId === null) return;
    try {
      await metadataClient("").retryUpload(item.uploadId, new AbortController().signal);
      this.#follow(item, work);
    } catch (error) {
      const isGone = ["not-found", "gone", "conflict"].includes(errorCode(error));
      const message = error instanceof Error ? error.message : String(error);
      const failure = { message, advice: null, again: isGone ? ("start" as const) : ("server" as const) };
      this.#happen({ type: "rejected", id: item.id, failure });
    }
  }

  async #cancel({ id, uploadId }: QueueItem, work: Work): Promise<void> {
    const created = await this.#stop(work);
    const known = uploadId ?? created;
    try {
      if (known !== undefined) await removeAtServer(known, new AbortController().signal);
      this.#happen({ type: "cancelled", id });
    } catch (error) {
      this.#happen({ type: "not-cancelled", id, why: error instanceof Error ? error.message : String(error) });
    }
  }
}

function pick({ uploadId, title, group }: Remembered) {
  return { uploadId, title, group };
}

/** What is gone need not be removed. */
async function removeAtServer(uploadId: string, signal: AbortSignal): Promise<void> {
  try {
    await metadataClient("").removeUpload(uploadId, signal);
  } catch (error) {
    if (errorCode(error) !== "not-found" && errorCode(error) !== "gone") throw error;
  }
}

/** The queue of this page. */
export const uploadQueue = new UploadQueue();
