/** What everything takes, and what the automatic gains and costs: counts of records and of nodes in the words of the contract. */
import type { NodeId, VideoId } from "#core/ids.ts";
import { REPLICA_COUNT } from "#core/placement/record.ts";
import type { Recommendation } from "#core/redundancy/policy.ts";
import type { Decision, Efficiency, Override } from "#wire/contract/redundancy-schemas.ts";
import type { Overhead, VideoStorage } from "#wire/contract/storage-schemas.ts";
import type { ChangeBoard } from "./change-board.ts";
import type { FormCount, FormCounts } from "./form-counts.ts";
import { contentBytes, keptBytes, mainForm } from "./form-counts.ts";
import type { Counted } from "./inventories.ts";
import type { ChangeKind } from "./plan-store.ts";
import type { VideoForm, VideoForms } from "./video-forms.ts";

const PAGE_VIDEOS = 500;
const WEEK_SECONDS = 7 * 86_400;
/** Decisions that are looked through for flaps. */
const MAX_FLAP_DECISIONS = 5000;
/** Counts of the library are so old at most, and take this share of the time at most. */
const LIBRARY_MS = 1000;
const LIBRARY_SHARE = 0.02;

type LibraryCount = Awaited<ReturnType<FormCounts["ofLibrary"]>>[number];

export interface StorageAnswersPorts {
  readonly counts: FormCounts;
  readonly forms: Pick<VideoForms, "page" | "decisions">;
  readonly recommend: (video: VideoForm) => Recommendation;
  readonly waitsFor: (videoId: VideoId) => string | undefined;
  readonly nowMs: () => number;
}

/** Counted by the program since it started. */
export interface Since {
  readonly sinceSeconds: number;
  readonly changes: number;
  readonly totals: ChangeBoard["totals"];
  readonly servedBytes: number;
}

export class StorageAnswers {
  readonly #ports: StorageAnswersPorts;

  #library: Promise<readonly LibraryCount[]> | undefined;
  #libraryUntilMs = -Infinity;

  constructor(ports: StorageAnswersPorts) {
    this.#ports = ports;
  }

  async efficiency({ sinceSeconds, changes, totals, servedBytes }: Since): Promise<Efficiency> {
    const forms = await this.#countLibrary();
    const total = contentBytes(forms);
    const bytesOf = (kind: ChangeKind) => totals.get(kind)?.bytes ?? 0;
    return {
      ...{ sinceSeconds, forms: [...forms], contentBytes: total, keptBytes: keptBytes(forms) },
      ...{ replicationBytes: total * REPLICA_COUNT, changes, flaps: await this.#flaps(sinceSeconds) },
      changeBytes: bytesOf("promotion") + bytesOf("demotion"),
      repairBytes: bytesOf("repair") + bytesOf("drain"),
      servedBytes,
    };
  }

  /**
   * @param known nodes of the cluster with what their folders hold beside pieces, null when they never said; one that was not
   *   counted makes the answer incomplete
   */
  async overhead({ atSeconds, nodes }: Counted, known: ReadonlyMap<NodeId, number | null>): Promise<Overhead> {
    const total = contentBytes(await this.#countLibrary());
    const counts = [...known].map(([nodeId, otherBytes]) => ({
      nodeId,
      counted: nodes.get(nodeId) ?? null,
      otherBytes,
    }));
    let [kept, other] = [0, 0];
    for (const { counted, otherBytes } of counts) {
      if (counted === null) continue;
      kept += counted.replicaBytes + counted.shardBytes;
      other += otherBytes ?? 0;
    }
    return {
      countedAtSeconds: atSeconds,
      isComplete: counts.every(({ counted }) => counted !== null),
      ...{ contentBytes: total, keptBytes: atSeconds === null ? null : kept },
      otherBytes: atSeconds === null ? null : other,
      ...{ replicationBytes: total * REPLICA_COUNT, nodes: counts },
    };
  }

  async videoStorage({ atSeconds, videoBytes }: Counted): Promise<VideoStorage[]> {
    const counts = await this.#ports.counts.byVideo();
    const videos: VideoStorage[] = [];
    for (let after = ""; ; ) {
      const page = await this.#ports.forms.page(after, PAGE_VIDEOS);
      for (const video of page) {
        const kept = atSeconds === null ? null : (videoBytes.get(video.videoId) ?? 0);
        videos.push(this.#storageOf(video, counts.get(video.videoId) ?? [], kept));
      }
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE_VIDEOS) return videos;
      after = last.videoId;
    }
  }

  /** Half a second for 100,000 chunks: not for every page that looks. */
  async #countLibrary(): Promise<readonly LibraryCount[]> {
    const { counts, nowMs } = this.#ports;
    const beganMs = nowMs();
    if (this.#library !== undefined && beganMs < this.#libraryUntilMs) return await this.#library;
    this.#libraryUntilMs = beganMs + LIBRARY_MS;
    this.#library = counts.ofLibrary();
    const counted = await this.#library;
    this.#libraryUntilMs = nowMs() + Math.max(LIBRARY_MS, (nowMs() - beganMs) / LIBRARY_SHARE);
    return counted;
  }

  #storageOf(video: VideoForm, counts: readonly FormCount[], kept: number | null): VideoStorage {
    const { demand, reason } = this.#ports.recommend(video);
    const main = mainForm(counts);
    const waits = video.isSettled ? undefined : (this.#ports.waitsFor(video.videoId) ?? "On its way");
    return {
      videoId: video.videoId,
      form: main?.form ?? video.form,
      formShare: main?.share ?? 1,
      override: overrideOf(video),
      contentBytes: contentBytes(counts),
      keptBytes: kept,
      ...{ demand, views: video.views, reason: waits === undefined ? reason : `${reason}. ${waits}` },
    };
  }

  /** Changes that took back another one of the same video within a week. */
  async #flaps(sinceSeconds: number): Promise<number> {
    const last = new Map<VideoId, Decision>();
    let flaps = 0;
    const recent = await this.#ports.forms.decisions(undefined, MAX_FLAP_DECISIONS);
    for (const decision of [...recent].reverse()) {
      const before = last.get(decision.videoId);
      const isSoon = before !== undefined && decision.atSeconds - before.atSeconds < WEEK_SECONDS;
      const isBack = before !== undefined && isPromotion(decision) !== isPromotion(before);
      if (isSoon && isBack && decision.atSeconds >= sinceSeconds) flaps += 1;
      last.set(decision.videoId, decision);
    }
    return flaps;
  }
}

export function overrideOf({ override }: VideoForm): Override {
  return override ?? "auto";
}

function isPromotion({ from, to }: Decision): boolean {
  return to.replicas > from.replicas;
}
