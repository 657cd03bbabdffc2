/**
 * The page's line to the service worker: registers it, gets control of this page, agrees on a protocol, and says in
 * words why there is none where there is none. The one place that touches `navigator.serviceWorker`.
 */
import * as v from "valibot";
import { VStackError } from "#wire/contract/errors.ts";
import type { PageMessage, WorkerMessage } from "#wire/contract/worker-messages.ts";
import { WORKER_PROTOCOL, WorkerMessageSchema } from "#wire/contract/worker-messages.ts";
import type { WorkerAbsence } from "./worker-absence.ts";

export type WorkerStatus =
  | { readonly state: "starting" }
  /** It controls this page: media requests go through it. */
  | { readonly state: "ready"; readonly version: string; readonly startedAtMs: number }
  /** It controls this page and speaks another protocol: the page does not talk to it until it is replaced. */
  | { readonly state: "outdated" }
  | { readonly state: "absent"; readonly absence: WorkerAbsence };

const WORKER_URL = "/sw.js";
/** A page born while the worker activates gets its controller by asking; 24 of 24 such pages had one within a second. */
const CONTROL_DEADLINE_MS = 5000;
const ASK_EVERY_MS = 100;
/** The script comes over the same line as the page: whoever has it no sooner watches through the gateway until it is here. */
const REGISTER_DEADLINE_MS = 10_000;
/** A worker that was stopped needs up to 160 ms to answer; a busy machine several times that. */
const ANSWER_DEADLINE_MS = 3000;

class WorkerLink {
  #status: WorkerStatus = { state: "starting" };
  #connected: Promise<WorkerStatus> | undefined;
  readonly #listeners = new Set<() => void>();

  get status(): WorkerStatus {
    return this.#status;
  }

  /** Calls back at every change of {@link status}, until the returned function is called. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Registers the worker and waits until it controls this page or cannot. Never rejects; later calls share the answer. */
  connect(): Promise<WorkerStatus> {
    this.#connected ??= this.#connect();
    return this.#connected;
  }

  /** Hands a message to the worker that controls this page; without one nobody is there to hear it. */
  post(message: PageMessage, transfer: Transferable[] = []): boolean {
    const controller = workersOfBrowser()?.controller ?? null;
    controller?.postMessage(message, transfer);
    return controller !== null;
  }

  /** Calls back with every message that the worker sends to this page (not over a port), until `signal`. */
  onMessage(listener: (message: WorkerMessage) => void, signal: AbortSignal): void {
    const workers = workersOfBrowser();
    workers?.addEventListener(
      "message",
      (event: MessageEvent<unknown>) => {
        const parsed = v.safeParse(WorkerMessageSchema, event.data);
        if (parsed.success) listener(parsed.output);
      },
      { signal },
    );
    workers?.startMessages();
  }

  /** The worker's answer to a question; undefined when it does not answer in time, or not in words that we know. */
  async ask(question: PageMessage): Promise<WorkerMessage | undefined> {
    const channel = new MessageChannel();
    const answer = await new Promise<WorkerMessage | undefined>((resolve) => {
      const timer = setTimeout(() => resolve(undefined), ANSWER_DEADLINE_MS);
      channel.port1.onmessage = (event: MessageEvent<unknown>) => {
        clearTimeout(timer);
        const parsed = v.safeParse(WorkerMessageSchema, event.data);
        resolve(parsed.success ? parsed.output : undefined);
      };
      if (!this.post(question, [channel.port2])) {
        clearTimeout(timer);
        resolve(undefined);
      }
    });
    channel.port1.close();
    return answer;
  }

  /**
   * Asks the worker who it is; this also keeps it alive while a video plays.
   *
   * @returns when this run of the worker began (Unix milliseconds), or undefined when it does not answer
   */
  async hello(): Promise<number | undefined> {
    const answer = await this.ask({ kind: "hello", protocol: WORKER_PROTOCOL });
    if (answer?.kind === "hello" && answer.protocol === WORKER_PROTOCOL) {
      this.#become({ state: "ready", version: answer.version, startedAtMs: answer.startedAtMs });
      return answer.startedAtMs;
    }
    if (answer?.kind === "outdated" || answer?.kind === "hello") {
      this.#become({ state: "outdated" });
      void this.#replaceWorker();
    }
    return undefined;
  }

  async #connect(): Promise<WorkerStatus> {
    if (!window.isSecureContext) return this.#become({ state: "absent", absence: { because: "insecure" } });
    const workers = workersOfBrowser();
    if (workers === undefined) return this.#become({ state: "absent", absence: { because: "unsupported" } });
    try {
      await registerWorker(workers);
      await takeControl(workers);
    } catch (cause) {
      const detail = cause instanceof Error ? cause.message : String(cause);
      const because = cause instanceof VStackError ? "no-control" : "refused";
      this.#become({ state: "absent", absence: { because, detail } });
      workers.addEventListener("controllerchange", () => void this.hello());
      return this.#status;
    }
    workers.addEventListener("controllerchange", () => void this.hello());
    await this.hello();
    // A worker that controls and does not answer yet still serves media: only the panel must wait for it.
    if (this.#status.state === "starting") this.#become({ state: "ready", version: "", startedAtMs: 0 });
    return this.#status;
  }

  /** Fetches the new worker script and lets it take over; `controllerchange` then leads to a new hello. */
  async #replaceWorker(): Promise<void> {
    try {
      const registration = await workersOfBrowser()?.getRegistration("/");
      await registration?.update();
      const message: PageMessage = { kind: "activate" };
      registration?.waiting?.postMessage(message);
    } catch {
      // Offline or the server is away: the page plays on with the old worker and says that it is old.
    }
  }

  #become(status: WorkerStatus): WorkerStatus {
    // Every hello ends here: only news is told, or listeners that ask again would go in circles.
    if (JSON.stringify(status) === JSON.stringify(this.#status)) return status;
    this.#status = status;
    for (const listener of [...this.#listeners]) listener();
    return status;
  }
}

/** Undefined on insecure origins and in private windows of some browsers, whatever the DOM types say. */
function workersOfBrowser(): ServiceWorkerContainer | undefined {
  return "serviceWorker" in navigator ? navigator.serviceWorker : undefined;
}

/**
 * Registers the worker. A page that has one already does not wait: the registration queues behind the browser's own look for
 * an update, and that took half a minute on a busy machine.
 */
async function registerWorker(workers: ServiceWorkerContainer): Promise<void> {
  const registered = workers.register(WORKER_URL, { scope: "/", updateViaCache: "none" });
  if (workers.controller !== null) {
    registered.catch(() => undefined);
    return;
  }
  const deadline = AbortSignal.timeout(REGISTER_DEADLINE_MS);
  const late = new Promise<never>((_, reject) => {
    deadline.addEventListener("abort", () =>
      reject(new VStackError("timeout", `Cannot register the worker within ${REGISTER_DEADLINE_MS} ms`)),
    );
  });
  await Promise.race([registered, late]);
}

/**
 * Waits until a worker controls this page. Waiting for `controllerchange` alone hangs for a page that is born while the
 * worker activates, and a hard reload leaves a page without controller for good: so the active worker is asked to claim.
 */
async function takeControl(workers: ServiceWorkerContainer): Promise<void> {
  if (workers.controller !== null) return;
  const deadline = AbortSignal.timeout(CONTROL_DEADLINE_MS);
  const claim: PageMessage = { kind: "claim" };
  await new Promise<void>((resolve, reject) => {
    const ask = () => {
      if (workers.controller !== null) finish(resolve);
      else void workers.getRegistration("/").then((registration) => registration?.active?.postMessage(claim));
    };
    const finish = (settle: () => void) => {
      clearInterval(interval);
      workers.removeEventListener("controllerchange", ask);
      settle();
    };
    const interval = setInterval(ask, ASK_EVERY_MS);
    workers.addEventListener("controllerchange", ask);
    deadline.addEventListener("abort", () =>
      finish(() =>
        reject(
          new VStackError("timeout", `Cannot control this page as the worker did not within ${CONTROL_DEADLINE_MS} ms`),
        ),
      ),
    );
    ask();
  });
}

/** The line of this page. One for all of its players and panels. */
export const workerLink = new WorkerLink();
