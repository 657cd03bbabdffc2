/** Routes of redundancy, storage and cluster events, in front of an upkeep in memory. */
import { Hono } from "hono";
import * as v from "valibot";
import { beforeEach, describe, expect, test } from "vitest";
import type { NodeId, RenditionId, VideoId } from "#core/ids.ts";
import { parseNodeId, parseRenditionId, parseVideoId } from "#core/ids.ts";
import { DEFAULT_CONFIG, SETTING_NAMES } from "#core/redundancy/policy-config.ts";
import { liveClock } from "#wire/client/live-clock.ts";
import { ClusterLiveSchema } from "#wire/contract/cluster-live-api.ts";
import { PATHS, ROUTES } from "#wire/contract/paths.ts";
import { ProblemSchema } from "#wire/contract/problem.ts";
import {
  ConfigAnswerSchema,
  CurrentFormSchema,
  DecisionsAnswerSchema,
  EfficiencySchema,
  QueueSchema,
  RecommendationSchema,
  StartAnswerSchema,
} from "#wire/contract/redundancy-schemas.ts";
import { ChunkMapSchema, OverheadSchema, StorageVideosSchema } from "#wire/contract/storage-schemas.ts";
import { silentLog } from "#wire/server/log.ts";
import { problemHandler } from "#wire/server/problem-handler.ts";
import { present } from "../placement/placement-register.contract.ts";
import { MemoryRedundancy } from "../upkeep/memory-redundancy.contract.ts";
import { clusterEventRoutes } from "./cluster-events.ts";
import { labPiecesRoutes } from "./lab-pieces.ts";
import { redundancyRoutes } from "./redundancy.ts";
import { sameOriginWrites } from "./same-origin.ts";
import { storageRoutes } from "./storage.ts";

const NODES: readonly NodeId[] = ["n1", "n2", "n3", "n4", "n5", "n6"].map((id) => present(parseNodeId(id)));
const FILM: VideoId = present(parseVideoId("a".repeat(26)));
const CLIP: VideoId = present(parseVideoId("b".repeat(26)));
const NOBODY: VideoId = present(parseVideoId("c".repeat(26)));
const P720: RenditionId = present(parseRenditionId("720p"));

let redundancy: MemoryRedundancy;
let app: Hono;
let damaged: object[];

function appWith(upkeep: MemoryRedundancy, lab = true): Hono {
  const made = new Hono();
  made.onError(problemHandler(silentLog));
  made.use(sameOriginWrites);
  const ports = { redundancy: upkeep, catalog: { video: () => Promise.resolve(undefined) }, clock: liveClock };
  made.route("/", redundancyRoutes(ports));
  made.route("/", storageRoutes(ports));
  const directory = {
    summaries: () => [],
    beats: () => [],
    internalUrls: () => new Map([[present(NODES[0]), "http://n1.test"]]),
  };
  made.route("/", clusterEventRoutes({ ...ports, directory, isDraining: () => false }));
  made.route(
    "/",
    labPiecesRoutes({
      ...{ lab, directory },
      damage: ({ nodeId, url }, damage) => {
        damaged.push({ nodeId, url, ...damage });
        return Promise.resolve();
      },
    }),
  );
  return made;
}

beforeEach(() => {
  damaged = [];
  redundancy = new MemoryRedundancy({
    videos: [
      { videoId: FILM, rendition: P720, segments: 40 },
      { videoId: CLIP, rendition: P720, segments: 3 },
    ],
    ...{ nodes: NODES, nowSeconds: 1_800_000_000 },
  });
  app = appWith(redundancy);
});

async function answered<Schema extends v.GenericSchema>(
  schema: Schema,
  path: string,
  init: RequestInit = {},
): Promise<v.InferOutput<Schema>> {
  const answer = await app.request(path, init);
  const body: unknown = await answer.json();
  expect(answer.status, JSON.stringify(body)).toBeLessThan(300);
  return v.parse(schema, body);
}

async function refused(path: string, init: RequestInit = {}, of: Hono = app) {
  const answer = await of.request(path, init);
  const problem = v.parse(ProblemSchema, await answer.json());
  expect(problem.status).toBe(answer.status);
  return problem;
}

const put = (body: unknown, headers: Record<string, string> = {}) => ({
  method: "PUT",
  headers,
  body: JSON.stringify(body),
});
const post = (body: unknown) => ({ method: "POST", body: JSON.stringify(body) });

describe("a server that looks after redundancy", () => {
  test("tells every setting with bounds, unit and reason, and takes some of them", async () => {
    const before = await answered(ConfigAnswerSchema, ROUTES.redundancyConfig);
    expect(before.config).toEqual(DEFAULT_CONFIG);
    expect(before.settings.map(({ name }) => name)).toEqual(SETTING_NAMES);
    const after = await answered(ConfigAnswerSchema, ROUTES.redundancyConfig, put({ scrubCycleSeconds: 60 }));
    expect(after.config).toEqual({ ...DEFAULT_CONFIG, scrubCycleSeconds: 60 });
  });

  test("refuses settings that do not fit each other, and names that nobody knows, and changes nothing", async () => {
    const wrong = await refused(ROUTES.redundancyConfig, put({ demoteBelow: 20 }));
    expect(wrong.status).toBe(400);
    expect(wrong.detail).toContain("demoteBelow of 20");
    expect(await refused(ROUTES.redundancyConfig, put({ scrubHours: 1 }))).toMatchObject({ status: 400 });
    expect(await refused(ROUTES.redundancyConfig, put({ repairShare: "much" }))).toMatchObject({ status: 400 });
    expect(redundancy.config()).toEqual(DEFAULT_CONFIG);
  });

  test("refuses a choice that comes from a page of another origin", async () => {
    const wrong = await refused(
      PATHS.redundancyOverride(FILM),
      put({ form: "erasure" }, { origin: "http://elsewhere.test", host: "here.test" }),
    );
    expect(wrong.status).toBe(403);
    expect((await answered(CurrentFormSchema, PATHS.redundancyVideo(FILM))).override).toBe("auto");
  });

  test("takes a person's choice, keeps it as a decision with its reason, and lets it be taken back", async () => {
    const path = PATHS.redundancyOverride(FILM);
    const cold = await answered(CurrentFormSchema, path, put({ form: "erasure" }));
    expect(cold).toMatchObject({ form: { kind: "erasure", replicas: 0 }, override: "erasure" });
    const why = await answered(RecommendationSchema, PATHS.redundancyRecommendation(FILM));
    expect(why).toMatchObject({ because: "manual", changes: false });
    expect((await answered(CurrentFormSchema, path, put({ form: "auto" }))).override).toBe("auto");
    const { decisions } = await answered(DecisionsAnswerSchema, `${ROUTES.redundancyDecisions}?videoId=${FILM}`);
    expect(decisions.map(({ to }) => to.kind)).toEqual(["replication", "erasure"]);
    expect((await answered(DecisionsAnswerSchema, `${ROUTES.redundancyDecisions}?limit=1`)).decisions).toHaveLength(1);
    expect((await answered(DecisionsAnswerSchema, `${ROUTES.redundancyDecisions}?videoId=${CLIP}`)).decisions).toEqual(
      [],
    );
    expect(await refused(path, put({ form: "hybrid" }))).toMatchObject({ status: 400 });
    expect(await refused(`${ROUTES.redundancyDecisions}?limit=9999`)).toMatchObject({ status: 400 });
  });

  test("knows no other videos", async () => {
    const paths = [PATHS.redundancyVideo(NOBODY), PATHS.redundancyRecommendation(NOBODY), PATHS.chunkMap(NOBODY)];
    for (const path of paths) expect((await refused(path)).status, path).toBe(404);
    expect((await refused(PATHS.redundancyOverride(NOBODY), put({ form: "auto" }))).status).toBe(404);
    expect((await refused(`${PATHS.chunkMap(FILM)}?rendition=240p`)).status).toBe(404);
    expect((await refused("/api/redundancy/videos/none")).status).toBe(400);
  });

  test("begins a repair and a scrub once, and says when one is under way", async () => {
    for (const [path, what] of [
      [ROUTES.redundancyRepair, "repair"],
      [ROUTES.redundancyScrub, "scrub"],
    ] as const) {
      const first = await answered(StartAnswerSchema, path, post({}));
      expect([first.started, first.queue[what].isRunning]).toEqual([true, true]);
      expect((await answered(StartAnswerSchema, path, post({}))).started).toBe(false);
      expect((await app.request(path)).status).toBe(405);
    }
    expect((await answered(QueueSchema, ROUTES.redundancyQueue)).repair.isRunning).toBe(true);
  });

  test("counts overhead and efficiency as the forms make them", async () => {
    await answered(CurrentFormSchema, PATHS.redundancyOverride(FILM), put({ form: "erasure" }));
    const overhead = await answered(OverheadSchema, ROUTES.storageOverhead);
    expect(overhead.replicationBytes).toBe(3 * overhead.contentBytes);
    const kept = overhead.nodes.reduce(
      (sum, { counted }) => sum + (counted?.replicaBytes ?? 0) + (counted?.shardBytes ?? 0),
      0,
    );
    expect(overhead.keptBytes).toBe(kept);
    const efficiency = await answered(EfficiencySchema, ROUTES.redundancyEfficiency);
    expect(efficiency.forms.map(({ form, videos }) => [form.kind, videos])).toEqual([
      ["replication", 1],
      ["erasure", 1],
    ]);
  });

  test("pages videos by size, heat or bytes kept, without repeating one", async () => {
    const all = await answered(StorageVideosSchema, ROUTES.storageVideos);
    expect(all.videos.map(({ videoId }) => videoId)).toEqual([FILM, CLIP]);
    const second = await answered(StorageVideosSchema, `${ROUTES.storageVideos}?from=1&limit=1&sort=kept`);
    expect([second.from, second.total, second.videos.map(({ videoId }) => videoId)]).toEqual([1, 2, [CLIP]]);
    expect((await refused(`${ROUTES.storageVideos}?sort=title`)).status).toBe(400);
    expect((await refused(`${ROUTES.storageVideos}?limit=0`)).status).toBe(400);
  });

  test("shows a video's pieces by rows, a page at a time", async () => {
    const map = await answered(ChunkMapSchema, `${PATHS.chunkMap(FILM)}?from=39&limit=2`);
    expect(map).toMatchObject({ rendition: "720p", from: 39, total: 41 });
    expect(map.rows.map(({ slot }) => slot)).toEqual(["38", "39"]);
    expect(map.rows[0]?.pieces.map(({ shard, state }) => [shard, state])).toEqual([
      [null, "intact"],
      [null, "intact"],
      [null, "intact"],
    ]);
    expect((await refused(`${PATHS.chunkMap(FILM)}?limit=65`)).status).toBe(400);
  });

  test("has a reported piece checked once, and refuses a report that names none", async () => {
    const piece = { nodeId: "n1", hash: "ab".repeat(32), shard: 4 };
    const willCheck = async (): Promise<unknown> => (await app.request(ROUTES.storageReports, post(piece))).json();
    expect(await willCheck()).toEqual({ willCheck: true });
    expect(await willCheck()).toEqual({ willCheck: false });
    expect(redundancy.reports).toEqual([`${piece.hash}/4@n1`]);
    expect((await refused(ROUTES.storageReports, post({ ...piece, hash: "x" }))).status).toBe(400);
  });

  test("tells what changes on the one connection", async () => {
    const gone = new AbortController();
    const answer = await app.request(ROUTES.events, { signal: gone.signal });
    const reader = present(answer.body).getReader();
    const next = async () => {
      const text = new TextDecoder().decode((await reader.read()).value);
      expect(text).toMatch(/^event: cluster\ndata: /);
      return v.parse(ClusterLiveSchema, JSON.parse(text.slice(text.indexOf("{"))));
    };
    expect((await next()).queue?.scrub.isRunning).toBe(false);
    redundancy.startScrub();
    expect((await next()).queue?.scrub.isRunning).toBe(true);
    await reader.cancel();
    gone.abort();
  });
});

describe("damaging a piece", () => {
  const damage = { nodeId: "n1", hash: "ab".repeat(32), shard: null, damage: "corrupt" };

  test("is handed to the node", async () => {
    expect((await app.request(ROUTES.labPieces, post(damage))).status).toBe(200);
    expect(damaged).toEqual([{ ...damage, url: "http://n1.test" }]);
  });

  test("is refused without --lab, for nodes that nobody knows, and for other damage", async () => {
    expect((await refused(ROUTES.labPieces, post(damage), appWith(redundancy, false))).status).toBe(404);
    expect((await refused(ROUTES.labPieces, post({ ...damage, nodeId: "n9" }))).status).toBe(404);
    expect((await refused(ROUTES.labPieces, post({ ...damage, damage: "burn" }))).status).toBe(400);
    expect(damaged).toEqual([]);
  });
});
