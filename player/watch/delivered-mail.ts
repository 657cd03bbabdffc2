/** Notes of the worker about deliveries, kept until the loader of that request asks for its own. */
import type { WorkerMessage } from "#wire/contract/worker-messages.ts";
import type { DeliveredNote } from "./honest-timing.ts";

/** Notes that nobody asked for yet; a player has a handful of requests under way. */
const MAX_NOTES = 64;
/**
 * How long a loader waits for its note after the last byte. Message and stream travel apart; in the ordinary case the
 * note is there within a few milliseconds, and without it real times are told.
 */
export const NOTE_DEADLINE_MS = 150;

export class DeliveredMail {
  readonly #session: string;
  readonly #notes = new Map<string, DeliveredNote>();
  readonly #waiting = new Map<string, (note: DeliveredNote) => void>();

  constructor(session: string) {
    this.#session = session;
  }

  /** Takes a message of the worker; only notes for this session are kept. */
  take(message: WorkerMessage): void {
    if (message.kind !== "delivered" || message.session !== this.#session) return;
    const waiting = this.#waiting.get(message.request);
    if (waiting !== undefined) {
      waiting(message);
      return;
    }
    this.#notes.set(message.request, message);
    const [oldest] = this.#notes.keys();
    if (this.#notes.size > MAX_NOTES && oldest !== undefined) this.#notes.delete(oldest);
  }

  /** The note of one request; undefined when none came in time. */
  async noteOf(request: string): Promise<DeliveredNote | undefined> {
    const here = this.#notes.get(request);
    this.#notes.delete(request);
    if (here !== undefined) return here;
    return await new Promise((resolve) => {
      const finish = (note: DeliveredNote | undefined) => {
        clearTimeout(timer);
        this.#waiting.delete(request);
        resolve(note);
      };
      const timer = setTimeout(() => finish(undefined), NOTE_DEADLINE_MS);
      this.#waiting.set(request, finish);
    });
  }
}
