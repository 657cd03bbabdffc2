/**
 * Brings videos to the form that was decided for them, chunk by chunk, while they are watched. A chunk of which something is
 * to be repaired first waits for that.
 *
 * Segments change their form; init segments, posters and descriptions are small, are read first and stay replicated, and so
 * do chunks that coding would not make smaller on a disk.
 */
import type { VideoId } from "#core/ids.ts";
import type { Position } from "#core/placement/position.ts";
import { positionText } from "#core/placement/position.ts";
import type { ChunkRecord } from "#core/placement/record.ts";
import type { Cluster } from "#core/redundancy/cluster.ts";
import type { ErasureScheme, Form } from "#core/redundancy/form.ts";
import { formOf, formText, piecesWithout, sameForm } from "#core/redundancy/form.ts";
import type { PolicyConfig } from "#core/redundancy/policy-config.ts";
import { planRepairs } from "#core/redundancy/repair-plan.ts";
import { spreadPieces } from "#core/redundancy/spread.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import type { Log } from "#wire/server/log.ts";
import type { CatalogStore } from "../catalog/catalog-store.ts";
import type { ChangeRunner, Standing, Wanted } from "../redundancy/change-runner.ts";
import { FailureRest } from "../redundancy/failure-rest.ts";
import type { ChangeKind } from "../redundancy/plan-store.ts";
import type { VideoForm, VideoForms } from "../redundancy/video-forms.ts";

const ROUND_MS = 500;
/** Videos that are looked at in one round; the next ones follow when these are settled or rest. */
const MAX_VIDEOS = 64;
const PAGE_SEGMENTS = 64;
/** Chunks of a video at once. The budget lets fewer through when there is more urgent work. */
const WORKERS = 3;
/** Below it five shards take as many blocks of 4 KiB on disks as three copies, or nearly. */
const LEAST_CODED_BYTES = 16 * 1024;
/** Of a video, chunks that cannot be changed now before the rest of it is left for later. */
const MAX_REFUSED = 8;

export interface FormLoopPorts {
  readonly catalog: Pick<CatalogStore, "video" | "segments" | "entry">;
  readonly forms: VideoForms;
  readonly runner: ChangeRunner;
  readonly config: () => PolicyConfig;
  readonly scheme: ErasureScheme;
  readonly clock: Clock;
  readonly log: Log;
}

interface Pass {
  readonly form: Form;
  readonly kind: ChangeKind;
  /** Chunks that do not have the form yet, and could not be given it. */
  left: number;
  refused: number;
}

export class FormLoop {
  readonly #ports: FormLoopPorts;
  readonly #rest: FailureRest;
  readonly #whyNot = new Map<VideoId, string>();

  constructor(ports: FormLoopPorts) {
    this.#ports = ports;
    this.#rest = new FailureRest(() => ports.clock.nowMs());
  }

  /** What a video that is on its way waits for; undefined when it only takes its time. */
  waitsFor(videoId: VideoId): string | undefined {
    return this.#whyNot.get(videoId);
  }

  /** Something may be possible that was not. */
  wake(): void {
    this.#rest.wake();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#ports;
    while (!signal.aborted) {
      await this.round(signal).catch((error: unknown) => {
        if (!signal.aborted) log.error({ err: error }, "Cannot change forms: will try again");
      });
      await clock.sleep(ROUND_MS, signal);
    }
  }

  /** One pass over every video that is on its way, promotions first. */
  async round(signal: AbortSignal): Promise<void> {
    const waiting = await this.#ports.forms.underWay(MAX_VIDEOS);
    const ready = waiting.filter(({ videoId }) => !this.#rest.isResting(videoId));
    for (const video of ready.sort((a, b) => b.form.replicas - a.form.replicas)) {
      signal.throwIfAborted();
      await this.#pass(video, signal);
    }
  }

  async #pass({ videoId, form }: VideoForm, signal: AbortSignal): Promise<void> {
    const { catalog, forms } = this.#ports;
    const video = await catalog.video(videoId);
    if (video === undefined) return;
    const pass: Pass = { form, kind: form.replicas > 0 ? "promotion" : "demotion", left: 0, refused: 0 };
    for (const { id: rendition } of video.renditions) {
      for (let from = 0; pass.refused < MAX_REFUSED; ) {
        const page = await catalog.segments({ videoId, rendition, from, limit: PAGE_SEGMENTS });
        const wrong = page.filter(({ record }) => shallChange(record, form));
        const positions = wrong.map(({ seq }): Position => ({ slot: "segment", videoId, rendition, seq }));
        await this.#change(positions, pass, signal);
        const last = page.at(-1);
        if (last === undefined || page.length < PAGE_SEGMENTS) break;
        from = last.seq + 1;
      }
    }
    const now = await forms.of(videoId);
    // Decided otherwise meanwhile: the next pass goes there.
    if (now === undefined || !sameForm(now.form, form)) return;
    if (pass.left > 0 || pass.refused > 0) {
      this.#rest.failed(videoId);
      return;
    }
    this.#rest.worked(videoId);
    this.#whyNot.delete(videoId);
    await forms.settle(videoId);
  }

  async #change(positions: readonly Position[], pass: Pass, signal: AbortSignal): Promise<void> {
    const queue = positions.values();
    const worker = async () => {
      for (const position of queue) {
        signal.throwIfAborted();
        if (pass.refused >= MAX_REFUSED) pass.left += 1;
        else await this.#changeOne(position, pass, signal);
      }
    };
    await Promise.all(Array.from({ length: WORKERS }, worker));
  }

  async #changeOne(position: Position, pass: Pass, signal: AbortSignal): Promise<void> {
    const { catalog, runner, log } = this.#ports;
    const { videoId } = position;
    const { kind } = pass;
    const want = (standing: Standing, cluster: Cluster) => this.#want(standing, cluster, pass.form);
    try {
      const ended = await runner.run({ position, kind, lossesLeft: null, want }, signal);
      if (ended.end === "changed") return;
      // Idle also while something else is busy with it.
      const now = ended.end === "idle" ? await catalog.entry(position) : undefined;
      if (ended.end === "idle" && (now === undefined || !shallChange(now.record, pass.form))) return;
      pass.left += 1;
      if (ended.end !== "refused") return;
      pass.refused += 1;
      this.#whyNot.set(videoId, ended.reason);
    } catch (error) {
      signal.throwIfAborted();
      pass.left += 1;
      pass.refused += 1;
      this.#whyNot.set(videoId, error instanceof Error ? error.message : String(error));
      log.warn({ position: positionText(position), err: error }, "Cannot change the form of a chunk yet");
    }
    if (this.#whyNot.size > MAX_VIDEOS) this.#whyNot.delete([...this.#whyNot.keys()][0] ?? videoId);
  }

  #want({ key, record, faulty }: Standing, cluster: Cluster, form: Form): Wanted | string | undefined {
    const { config, scheme, clock } = this.#ports;
    if (!shallChange(record, form)) return undefined;
    const world = { cluster, scheme, config: config(), nowSeconds: clock.wallMs() / 1000 };
    const { orders, waits } = planRepairs([{ key, record, faulty }], world);
    const first = orders[0] ?? waits[0];
    if (first !== undefined) return first.reason;
    const keep = piecesWithout(record.holders, faulty);
    const spread = spreadPieces({ key, sizeBytes: record.sizeBytes, form, scheme, keep, cluster });
    if (spread === undefined) return `No node can take what ${formText(form)} needs`;
    const reason = `${formText(formOf(record))} becomes ${formText(form)}`;
    return { scheme: form.kind === "erasure" ? scheme : { kind: "replication" }, holders: spread.holders, reason };
  }
}

/** Whether a chunk of a video that shall have this form is to be changed. */
function shallChange(record: ChunkRecord, form: Form): boolean {
  if (sameForm(formOf(record), form)) return false;
  return record.sizeBytes >= LEAST_CODED_BYTES || record.scheme.kind === "erasure";
}
