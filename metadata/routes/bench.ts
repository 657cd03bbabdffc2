/** `/api/bench`: benchmarks of this machine, started, watched and cancelled from a page; of a lab cluster only. */
import { Hono } from "hono";
import type { Clock } from "#wire/client/live-clock.ts";
import type { BenchState } from "#wire/contract/bench-api.ts";
import { BenchStartSchema } from "#wire/contract/bench-api.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { ROUTES } from "#wire/contract/paths.ts";
import { methodNotAllowed } from "#wire/server/method-not-allowed.ts";
import { parseJsonBody } from "#wire/server/validated.ts";
import type { BenchRuns } from "../lab/bench-runs.ts";
import type { RouteWords } from "../openapi/describe.ts";
import { describe } from "../openapi/describe.ts";
import { eventAnswer } from "./event-answer.ts";

/** Pages that watch at a time. */
const MAX_WATCHERS = 16;
/** A report holds its styles and pictures in itself, and has no script. */
const REPORT_CSP = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'";
const LAB_ONLY = "Only of a cluster that was started with `--lab`; 404 otherwise.";
const ANSWERS = { 200: { says: "What runs, and what ran", json: "BenchState" } } as const;

const WORDS = {
  state: {
    ...{ tag: "lab", summary: "The benchmark that runs, and earlier ones", answers: ANSWERS },
    ...{ description: LAB_ONLY, problems: ["not-found"] },
  },
  start: {
    ...{ tag: "lab", summary: "Start a benchmark, one at a time", answers: { 202: ANSWERS[200] } },
    description: `${LAB_ONLY} \`smoke\`: simulated, under a minute. \`ci\`: also in Chromium on this machine, under ten.`,
    ...{ body: { json: "BenchStart", example: { mode: "smoke" } }, problems: ["bad-request", "not-found", "conflict"] },
  },
  cancel: {
    ...{ tag: "lab", summary: "End the benchmark that runs, and all that it started", answers: ANSWERS },
    ...{ description: LAB_ONLY, problems: ["not-found"] },
  },
  events: {
    ...{
      tag: "lab",
      summary: "The state, each time that it changes, until nothing runs",
      description: `${LAB_ONLY} Events named \`state\`.`,
    },
    answers: { 200: { says: "Server-sent events", type: "text/event-stream" } },
    problems: ["not-found", "too-many-requests"],
  },
  json: {
    ...{ tag: "lab", summary: "The report of a run, for programs", description: LAB_ONLY, problems: ["not-found"] },
    answers: { 200: { says: "docs/schemas/bench-report.schema.json", type: "application/json" } },
  },
  html: {
    ...{ tag: "lab", summary: "The report of a run, as one page", description: LAB_ONLY, problems: ["not-found"] },
    answers: { 200: { says: "A page without scripts", type: "text/html" } },
  },
} as const satisfies Record<string, RouteWords>;

/** @param benchRuns undefined without `--lab` */
export function benchRoutes({ benchRuns, clock }: { benchRuns: BenchRuns | undefined; clock: Clock }): Hono {
  const app = new Hono();
  let watchers = 0;
  const lab = () => {
    if (benchRuns !== undefined) return benchRuns;
    throw new VStackError(
      "not-found",
      "Cannot run benchmarks as the cluster was not started with --lab: start one with npx vstack up --lab",
    );
  };
  app.get(ROUTES.bench, describe(WORDS.state), async (context) => context.json(await lab().state()));
  app.post(ROUTES.bench, describe(WORDS.start), async (context) => {
    const runs = lab();
    await runs.start((await parseJsonBody(context, BenchStartSchema)).mode);
    return context.json(await runs.state(), 202);
  });
  app.delete(ROUTES.bench, describe(WORDS.cancel), async (context) => {
    await lab().cancel();
    return context.json(await lab().state());
  });
  app.all(ROUTES.bench, methodNotAllowed("GET", "HEAD", "POST", "DELETE"));
  app.get(ROUTES.benchEvents, describe(WORDS.events), (context) => {
    const runs = lab();
    if (watchers >= MAX_WATCHERS) {
      throw new VStackError(
        "too-many-requests",
        `Cannot watch now as ${MAX_WATCHERS} connections do: ask for the state`,
      );
    }
    return eventAnswer<BenchState>("state", {
      read: () => runs.state(),
      isLast: ({ running }) => running === null,
      watch: (onChange) => {
        watchers += 1;
        const unwatch = runs.watch(onChange);
        return Promise.resolve(() => {
          watchers -= 1;
          unwatch();
        });
      },
      ...{ signal: context.req.raw.signal, clock },
    });
  });
  app.all(ROUTES.benchEvents, methodNotAllowed("GET"));
  app.get(ROUTES.benchReportJson, describe(WORDS.json), async (context) => {
    const runId = context.req.param("runId");
    return new Response(new Uint8Array(await lab().report(runId, "report.json")), {
      headers: {
        "content-type": "application/json",
        "content-disposition": `attachment; filename="bench-${runId}.json"`,
      },
    });
  });
  app.get(ROUTES.benchReportHtml, describe(WORDS.html), async (context) => {
    const runId = context.req.param("runId");
    return new Response(new Uint8Array(await lab().report(runId, "report.html")), {
      headers: { "content-type": "text/html; charset=utf-8", "content-security-policy": REPORT_CSP },
    });
  });
  app.all(ROUTES.benchReportJson, methodNotAllowed("GET", "HEAD"));
  app.all(ROUTES.benchReportHtml, methodNotAllowed("GET", "HEAD"));
  return app;
}
