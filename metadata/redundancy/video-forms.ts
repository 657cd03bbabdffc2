/**
 * The form that each video has or is on the way to, since when, what a person chose, and every decision with its reason. A
 * video that nobody decided about yet is replicated, since it was uploaded.
 */
import * as v from "valibot";
import type { VideoId } from "#core/ids.ts";
import type { Demand } from "#core/redundancy/demand.ts";
import type { Form } from "#core/redundancy/form.ts";
import { REPLICATION } from "#core/redundancy/form.ts";
import type { Because } from "#core/redundancy/policy.ts";
import { VideoIdSchema } from "#wire/contract/schemas.ts";
import type { Database } from "../database/open-database.ts";

/** Kinds of a form: also what a person may choose. */
const FORM_KINDS = ["replication", "erasure"] as const;

export interface VideoForm {
  readonly videoId: VideoId;
  readonly sizeBytes: number;
  readonly uploadedAtSeconds: number;
  readonly views: number;
  readonly form: Form;
  readonly sinceSeconds: number;
  readonly override: Form["kind"] | null;
  /** Whether every chunk of it has the form. */
  readonly isSettled: boolean;
}

export interface Decision {
  readonly atSeconds: number;
  readonly videoId: VideoId;
  readonly from: Form;
  readonly to: Form;
  readonly because: Because;
  readonly reason: string;
  readonly demand: Demand;
  readonly views: number;
}

export interface VideoForms {
  /** Undefined unless the video is ready. */
  of(videoId: VideoId): Promise<VideoForm | undefined>;
  /** Ready videos in the order of their ids, behind `after`. */
  page(after: string, limit: number): Promise<VideoForm[]>;
  /** Videos that are not settled, the longest decided first. */
  underWay(limit: number): Promise<VideoForm[]>;
  /** Of all that are between two forms. */
  underWayBytes(): Promise<number>;
  /** Keeps a decision and what follows from it, together. */
  decide(decision: Decision): Promise<void>;
  settle(videoId: VideoId): Promise<void>;
  /** It has this form already; nobody knows since when. */
  adopt(videoId: VideoId, form: Form, nowSeconds: number): Promise<void>;
  /** @param form null takes the choice back */
  setOverride(videoId: VideoId, form: Form["kind"] | null, nowSeconds: number): Promise<void>;
  /** The newest first. */
  decisions(videoId: VideoId | undefined, limit: number): Promise<Decision[]>;
}

/** Decisions that are kept, over all videos: about 40 MB; a video has a few in its life. */
const MAX_DECISIONS = 100_000;

const FormSchema = v.object({ kind: v.picklist(FORM_KINDS), replicas: v.number() });
const DecisionSchema = v.object({
  atSeconds: v.number(),
  videoId: VideoIdSchema,
  from: FormSchema,
  to: FormSchema,
  because: v.picklist(["manual", "views", "new", "hot", "cold", "dwell", "between"]),
  reason: v.string(),
  demand: v.object({ short: v.number(), long: v.number() }),
  views: v.number(),
});

export function sqliteVideoForms(db: Database): VideoForms {
  const ready = () =>
    db
      .selectFrom("videos")
      .leftJoin("video_forms", "video_forms.video_id", "videos.id")
      .select([
        "videos.id",
        "videos.size_bytes",
        "videos.created_ms",
        "videos.views",
        "video_forms.form",
        "video_forms.replicas",
        "video_forms.since_ms",
        "video_forms.person",
        "video_forms.is_settled",
      ])
      .where("videos.state", "=", "ready");

  const upsert = async (within: Database, videoId: VideoId, change: Partial<Kept>, nowSeconds: number) => {
    const fresh: Kept = {
      ...{ form: REPLICATION.kind, replicas: REPLICATION.replicas, since_ms: Math.round(nowSeconds * 1000) },
      ...{ person: null, is_settled: 1 },
    };
    await within
      .insertInto("video_forms")
      .values({ video_id: videoId, ...fresh, ...change })
      .onConflict((conflict) => conflict.column("video_id").doUpdateSet(change))
      .execute();
  };

  return {
    async of(videoId) {
      const row = await ready().where("videos.id", "=", videoId).executeTakeFirst();
      return row === undefined ? undefined : videoForm(row);
    },

    async page(after, limit) {
      const rows = await ready().where("videos.id", ">", after).orderBy("videos.id").limit(limit).execute();
      return rows.map(videoForm);
    },

    async underWay(limit) {
      const rows = await ready()
        .where("video_forms.is_settled", "=", 0)
        .orderBy("video_forms.since_ms")
        .limit(limit)
        .execute();
      return rows.map(videoForm);
    },

    async underWayBytes() {
      const row = await db
        .selectFrom("video_forms")
        .innerJoin("videos", "videos.id", "video_forms.video_id")
        .select((from) => from.fn.sum<number | null>("videos.size_bytes").as("bytes"))
        .where("video_forms.is_settled", "=", 0)
        .where("videos.state", "=", "ready")
        .executeTakeFirstOrThrow();
      return row.bytes ?? 0;
    },

    async decide(decision) {
      const { videoId, to, atSeconds } = decision;
      const change = { form: to.kind, replicas: to.replicas, since_ms: Math.round(atSeconds * 1000), is_settled: 0 };
      await db.transaction().execute(async (within) => {
        await upsert(within, videoId, change, atSeconds);
        const { number } = await within
          .insertInto("decisions")
          .values({ video_id: videoId, decision_json: JSON.stringify(decision) })
          .returning("number")
          .executeTakeFirstOrThrow();
        await within
          .deleteFrom("decisions")
          .where("number", "<=", number - MAX_DECISIONS)
          .execute();
      });
    },

    async settle(videoId) {
      await db.updateTable("video_forms").set({ is_settled: 1 }).where("video_id", "=", videoId).execute();
    },

    async adopt(videoId, { kind, replicas }, nowSeconds) {
      await upsert(db, videoId, { form: kind, replicas, is_settled: 1 }, nowSeconds);
    },

    async setOverride(videoId, form, nowSeconds) {
      const known = await this.of(videoId);
      const since_ms = Math.round((known?.sinceSeconds ?? nowSeconds) * 1000);
      await upsert(db, videoId, { person: form, since_ms }, nowSeconds);
    },

    async decisions(videoId, limit) {
      let rows = db.selectFrom("decisions").select("decision_json").orderBy("number", "desc").limit(limit);
      if (videoId !== undefined) rows = rows.where("video_id", "=", videoId);
      return (await rows.execute()).map((row) => v.parse(DecisionSchema, JSON.parse(row.decision_json)));
    },
  };
}

interface Kept {
  readonly form: string;
  readonly replicas: number;
  readonly since_ms: number;
  readonly person: string | null;
  readonly is_settled: number;
}

function videoForm(
  row: { readonly [Name in keyof Kept]: Kept[Name] | null } & {
    readonly id: string;
    readonly size_bytes: number;
    readonly created_ms: number;
    readonly views: number;
  },
): VideoForm {
  return {
    videoId: v.parse(VideoIdSchema, row.id),
    sizeBytes: row.size_bytes,
    uploadedAtSeconds: row.created_ms / 1000,
    views: row.views,
    form:
      row.form === null
        ? REPLICATION
        : { kind: v.parse(v.picklist(FORM_KINDS), row.form), replicas: row.replicas ?? 0 },
    sinceSeconds: (row.since_ms ?? row.created_ms) / 1000,
    override: row.person === null ? null : v.parse(v.picklist(FORM_KINDS), row.person),
    isSettled: row.is_settled !== 0,
  };
}
