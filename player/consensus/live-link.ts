/** The page's line to the real cluster: hears what the proposer says and hears, and has a position read when asked. */
import { askJson } from "#wire/client/http.ts";
import { metadataClient } from "#wire/client/metadata-client.ts";
import { LiveEventSchema, LiveSkippedSchema } from "#wire/contract/consensus-live-api.ts";
import type { PositionAnswer } from "#wire/contract/consensus-view-api.ts";
import { PositionAnswerSchema } from "#wire/contract/consensus-view-api.ts";
import { PATHS, ROUTES } from "#wire/contract/paths.ts";
import * as v from "valibot";
import { LiveCheck } from "./live-check.ts";

/** A page draws what came in the meantime at once: a burst of events is one change. */
const DRAW_PAUSE_MS = 100;
/** Newest videos among which one that is ready is looked for. */
const LOOK_AT_VIDEOS = 24;

export interface LiveView {
  readonly status: "connecting" | "listening" | "lost";
  readonly check: LiveCheck;
  /** Proposals that the server left out. */
  readonly skipped: number;
  /** What was read last. */
  readonly position: PositionAnswer | undefined;
  readonly trouble: string;
}

export class LiveLink {
  readonly #onChange: (view: LiveView) => void;
  readonly #signal: AbortSignal;
  #view: LiveView = {
    ...{ status: "connecting", check: new LiveCheck(), skipped: 0, position: undefined, trouble: "" },
  };
  #drawing: ReturnType<typeof setTimeout> | undefined;

  constructor(onChange: (view: LiveView) => void, signal: AbortSignal) {
    this.#onChange = onChange;
    this.#signal = signal;
    const source = new EventSource(ROUTES.consensusEvents);
    signal.addEventListener("abort", () => {
      source.close();
      clearTimeout(this.#drawing);
    });
    source.addEventListener("open", () => {
      // A server that started again counts its proposals anew.
      this.#change({ status: "listening", check: new LiveCheck(), skipped: 0 });
    });
    source.addEventListener("error", () => this.#change({ status: "lost" }));
    source.addEventListener("proposer", (event: MessageEvent<string>) => {
      const live = v.safeParse(LiveEventSchema, JSON.parse(event.data));
      if (live.success) this.#view.check.take(live.output);
      this.#change({});
    });
    source.addEventListener("skipped", (event: MessageEvent<string>) => {
      const skipped = v.safeParse(LiveSkippedSchema, JSON.parse(event.data));
      if (!skipped.success) return;
      if (skipped.output.isCut) this.#view.check.cut();
      this.#change({ skipped: skipped.output.proposals });
    });
  }

  /** Reads what stands for the title of the newest video: a round of real messages, also when nobody uploads. */
  async read(): Promise<void> {
    const signal = this.#signal;
    try {
      const { videos } = await metadataClient("").listVideos({ limit: LOOK_AT_VIDEOS }, signal);
      // What failed or is on its way may have nothing decided yet.
      const newest = videos.find(({ state }) => state === "ready");
      if (newest === undefined) {
        this.#change({ trouble: "There is no video whose positions could be read: upload one" });
        return;
      }
      const path = PATHS.consensusPosition(`${newest.id}/meta`);
      this.#change({ position: await askJson(path, PositionAnswerSchema, { signal }), trouble: "" });
    } catch (error) {
      this.#change({ trouble: error instanceof Error ? error.message : String(error) });
    }
  }

  #change(parts: Partial<LiveView>): void {
    if (this.#signal.aborted) return;
    this.#view = { ...this.#view, ...parts };
    this.#drawing ??= setTimeout(() => {
      this.#drawing = undefined;
      this.#onChange({ ...this.#view });
    }, DRAW_PAUSE_MS);
  }
}
