/**
 * Decides which form each video should have, again and again, by core/redundancy/policy.ts: from what nodes say that they
 * served, from views, and from what a person chose. Decisions are kept with their reasons; form-loop.ts carries them out.
 */
import type { Recommendation, WaitingChange } from "#core/redundancy/policy.ts";
import { admitChanges, recommend } from "#core/redundancy/policy.ts";
import type { PolicyConfig } from "#core/redundancy/policy-config.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import type { Log } from "#wire/server/log.ts";
import type { DemandKeeper } from "../redundancy/demand-keeper.ts";
import type { VideoForm, VideoForms } from "../redundancy/video-forms.ts";

/** Between two looks at the library; a large one takes longer, page by page. */
const ROUND_MS = 1000;
const PAGE_VIDEOS = 500;
/** Between two pages: the server has other things to do. */
const PAGE_PAUSE_MS = 50;
/** Changes that wait for the budget; the others are found again. */
const MAX_WAITING = 10_000;

export interface PolicyLoopPorts {
  readonly forms: VideoForms;
  readonly demand: Pick<DemandKeeper, "heatOf">;
  readonly config: () => PolicyConfig;
  readonly clock: Clock;
  readonly log: Log;
}

export class PolicyLoop {
  readonly #ports: PolicyLoopPorts;
  /** Decided since the program started. */
  changes = 0;

  constructor(ports: PolicyLoopPorts) {
    this.#ports = ports;
  }

  recommendation(video: VideoForm): Recommendation {
    const { demand, config, clock } = this.#ports;
    const heat = demand.heatOf(video.videoId, video.views);
    const { uploadedAtSeconds, form, sinceSeconds: formSinceSeconds, override } = video;
    // A video of nothing but what is on its way in has no size yet.
    const sizeBytes = Math.max(1, video.sizeBytes);
    const facts = { sizeBytes, uploadedAtSeconds, heat, form, formSinceSeconds, override };
    return recommend(facts, config(), clock.wallMs() / 1000);
  }

  /** One look at every video. @returns how many changes were decided */
  async round(signal: AbortSignal): Promise<number> {
    const { forms, config, clock } = this.#ports;
    const waiting: WaitingChange[] = [];
    const videos = new Map<string, VideoForm>();
    for (let after = ""; ; ) {
      signal.throwIfAborted();
      const page = await forms.page(after, PAGE_VIDEOS);
      for (const video of page) {
        const recommendation = this.recommendation(video);
        // What is on its way comes to an end before it turns, unless a person says so or a crowd has come.
        const mayTurn = video.isSettled || recommendation.because === "manual" || recommendation.because === "hot";
        if (!recommendation.changes || !mayTurn || waiting.length >= MAX_WAITING) continue;
        waiting.push({ key: video.videoId, sizeBytes: video.sizeBytes, recommendation });
        videos.set(video.videoId, video);
      }
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE_VIDEOS) break;
      after = last.videoId;
      await clock.sleep(PAGE_PAUSE_MS, signal);
    }
    const admitted = admitChanges(waiting, await forms.underWayBytes(), config());
    for (const { key, recommendation } of admitted) {
      const video = videos.get(key);
      if (video !== undefined) await this.#decide(video, recommendation);
    }
    return admitted.length;
  }

  /** A person waits for the answer of one video. */
  async lookAt(video: VideoForm): Promise<void> {
    const recommendation = this.recommendation(video);
    if (recommendation.changes && recommendation.because === "manual") await this.#decide(video, recommendation);
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#ports;
    while (!signal.aborted) {
      await this.round(signal).catch((error: unknown) => {
        if (!signal.aborted) log.error({ err: error }, "Cannot decide about forms: will try again");
      });
      await clock.sleep(ROUND_MS, signal);
    }
  }

  async #decide(
    { videoId, form: from, views }: VideoForm,
    { form: to, because, reason, demand }: Recommendation,
  ): Promise<void> {
    const { forms, clock, log } = this.#ports;
    await forms.decide({ atSeconds: clock.wallMs() / 1000, videoId, from, to, because, reason, demand, views });
    this.changes += 1;
    log.info({ videoId, from, to, because, reason }, "A video shall have another form");
  }
}
