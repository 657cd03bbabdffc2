/** `/api/redundancy`: settings, why a video has its form, a person's choice, and the work that is under way. */
import { Hono } from "hono";
import type { InferOutput } from "valibot";
import type { VideoId } from "#core/ids.ts";
import { parseVideoId } from "#core/ids.ts";
import type { PolicyConfig } from "#core/redundancy/policy-config.ts";
import { SETTING_NAMES, SETTINGS } from "#core/redundancy/policy-config.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { ROUTES } from "#wire/contract/paths.ts";
import type {
  ConfigAnswerSchema,
  CurrentForm,
  DecisionsAnswerSchema,
  Efficiency,
  Queue,
  RecommendationAnswer,
  StartAnswer,
} from "#wire/contract/redundancy-schemas.ts";
import { ConfigPatchSchema, DecisionsQuerySchema, OverrideAskSchema } from "#wire/contract/redundancy-schemas.ts";
import { methodNotAllowed } from "#wire/server/method-not-allowed.ts";
import { parseInput, parseJsonBody } from "#wire/server/validated.ts";
import type { RouteWords } from "../openapi/describe.ts";
import { describe } from "../openapi/describe.ts";
import type { Redundancy } from "../upkeep/redundancy-port.ts";

const WORDS = {
  config: {
    ...{ tag: "redundancy", summary: "The settings, with the bounds, the unit and the reason of each" },
    ...{ answers: { 200: { says: "The settings", json: "RedundancyConfig" } }, problems: ["unavailable"] },
  },
  setConfig: {
    ...{ tag: "redundancy", summary: "Change settings; what is left out stays as it is" },
    description: "Kept durably, and used from the next step on. Times are seconds, amounts bytes.",
    body: { json: "RedundancyConfigPatch", example: { dwellHotSeconds: 30, scrubCycleSeconds: 60 } },
    answers: { 200: { says: "The settings as they are now", json: "RedundancyConfig" } },
    problems: ["bad-request", "unavailable"],
  },
  current: {
    ...{ tag: "redundancy", summary: "The form that a video's records have, each rendition by itself" },
    answers: { 200: { says: "Its form", json: "CurrentForm" } },
    problems: ["bad-request", "not-found", "unavailable"],
  },
  recommendation: {
    ...{ tag: "redundancy", summary: "The form that a video should have by the policy, and why" },
    answers: { 200: { says: "The recommendation", json: "Recommendation" } },
    problems: ["bad-request", "not-found", "unavailable"],
  },
  override: {
    ...{ tag: "redundancy", summary: "Choose a video's form by hand; `auto` takes the choice back" },
    description: "Survives restarts. The bytes follow in their turn: the queue shows it.",
    body: { json: "OverrideAsk", example: { form: "erasure" } },
    answers: { 200: { says: "Its form now", json: "CurrentForm" } },
    problems: ["bad-request", "not-found", "unavailable"],
  },
  decisions: {
    ...{ tag: "redundancy", summary: "What was decided lately, with reason and figures, the newest first" },
    ...{ query: DecisionsQuerySchema, answers: { 200: { says: "The decisions", json: "Decisions" } } },
    problems: ["bad-request", "unavailable"],
  },
  efficiency: {
    ...{
      tag: "redundancy",
      summary: "What the forms save by the records, and what changing them cost since the start",
    },
    ...{ answers: { 200: { says: "The figures", json: "Efficiency" } }, problems: ["unavailable"] },
  },
  queue: {
    ...{ tag: "redundancy", summary: "Changes, repairs and checks that run, wait and ended lately, with their rates" },
    ...{ answers: { 200: { says: "The queue", json: "RedundancyQueue" } }, problems: ["unavailable"] },
  },
  repair: {
    ...{ tag: "redundancy", summary: "Look for everything to repair now" },
    answers: { 202: { says: "It has begun, or was under way", json: "Started" } },
    problems: ["unavailable"],
  },
  scrub: {
    ...{ tag: "redundancy", summary: "Read every piece on every node again now, and compare" },
    answers: { 202: { says: "It has begun, or was under way", json: "Started" } },
    problems: ["unavailable"],
  },
} as const satisfies Record<string, RouteWords>;

export interface RedundancyRoutesPorts {
  readonly redundancy: Redundancy;
}

export function redundancyRoutes({ redundancy }: RedundancyRoutesPorts): Hono {
  const app = new Hono();

  app.get(ROUTES.redundancyConfig, describe(WORDS.config), (context) => context.json(answerOf(redundancy.config())));
  app.put(ROUTES.redundancyConfig, describe(WORDS.setConfig), async (context) => {
    const config = await redundancy.setConfig(await parseJsonBody(context, ConfigPatchSchema));
    return context.json(answerOf(config));
  });
  app.all(ROUTES.redundancyConfig, methodNotAllowed("GET", "HEAD", "PUT"));

  app.get(ROUTES.redundancyVideo, describe(WORDS.current), async (context) => {
    const videoId = videoIdOf(context.req.param("videoId"));
    return context.json(found(await redundancy.current(videoId), videoId) satisfies CurrentForm);
  });
  app.get(ROUTES.redundancyRecommendation, describe(WORDS.recommendation), async (context) => {
    const videoId = videoIdOf(context.req.param("videoId"));
    return context.json(found(await redundancy.recommendation(videoId), videoId) satisfies RecommendationAnswer);
  });
  app.put(ROUTES.redundancyOverride, describe(WORDS.override), async (context) => {
    const videoId = videoIdOf(context.req.param("videoId"));
    const { form } = await parseJsonBody(context, OverrideAskSchema);
    return context.json(found(await redundancy.override(videoId, form), videoId) satisfies CurrentForm);
  });
  app.all(ROUTES.redundancyVideo, methodNotAllowed("GET", "HEAD"));
  app.all(ROUTES.redundancyRecommendation, methodNotAllowed("GET", "HEAD"));
  app.all(ROUTES.redundancyOverride, methodNotAllowed("PUT"));

  app.get(ROUTES.redundancyDecisions, describe(WORDS.decisions), async (context) => {
    const { videoId, limit } = parseInput(DecisionsQuerySchema, context.req.query(), "query");
    const decisions = [...(await redundancy.decisions(videoId, limit))];
    return context.json({ decisions } satisfies InferOutput<typeof DecisionsAnswerSchema>);
  });
  app.get(ROUTES.redundancyEfficiency, describe(WORDS.efficiency), async (context) =>
    context.json((await redundancy.efficiency()) satisfies Efficiency),
  );
  app.get(ROUTES.redundancyQueue, describe(WORDS.queue), (context) => context.json(redundancy.queue() satisfies Queue));
  for (const path of [ROUTES.redundancyDecisions, ROUTES.redundancyEfficiency, ROUTES.redundancyQueue]) {
    app.all(path, methodNotAllowed("GET", "HEAD"));
  }

  app.post(ROUTES.redundancyRepair, describe(WORDS.repair), (context) => {
    const started = redundancy.startRepair();
    return context.json({ started, queue: redundancy.queue() } satisfies StartAnswer, 202);
  });
  app.post(ROUTES.redundancyScrub, describe(WORDS.scrub), (context) => {
    const started = redundancy.startScrub();
    return context.json({ started, queue: redundancy.queue() } satisfies StartAnswer, 202);
  });
  app.all(ROUTES.redundancyRepair, methodNotAllowed("POST"));
  app.all(ROUTES.redundancyScrub, methodNotAllowed("POST"));
  return app;
}

function answerOf(config: PolicyConfig): InferOutput<typeof ConfigAnswerSchema> {
  return { config: { ...config }, settings: SETTING_NAMES.map((name) => ({ name, ...SETTINGS[name] })) };
}

/** @throws VStackError `bad-request` */
export function videoIdOf(text: string): VideoId {
  const videoId = parseVideoId(text);
  if (videoId === undefined) throw new VStackError("bad-request", `Cannot look at "${text}" as it is no video id`);
  return videoId;
}

function found<T>(answer: T | undefined, videoId: VideoId): T {
  if (answer !== undefined) return answer;
  throw new VStackError("not-found", `Cannot find video "${videoId}"`);
}
