/** Uploads: tus, how far their jobs are, and beginning failed ones again. */
import type { Context } from "hono";
import { Hono } from "hono";
import type { Clock } from "#wire/client/live-clock.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { ROUTES } from "#wire/contract/paths.ts";
import type { UploadStatus } from "#wire/contract/upload-api.ts";
import { methodNotAllowed } from "#wire/server/method-not-allowed.ts";
import type { Ingest } from "../ingest/ingest.ts";
import { isOver } from "../ingest/upload-store.ts";
import { describe } from "../openapi/describe.ts";
import { eventAnswer } from "./event-answer.ts";
import { UPLOAD_WORDS } from "./upload-words.ts";

/** Connections that watch uploads; beyond it, askers use the status address. */
const MAX_WATCHERS = 200;

export interface UploadRoutesPorts {
  readonly ingest: Ingest;
  readonly answerTus: (request: Request) => Promise<Response>;
  readonly clock: Clock;
}

export function uploadRoutes({ ingest, answerTus, clock }: UploadRoutesPorts): Hono {
  const app = new Hono();
  let watchers = 0;

  app.get(ROUTES.uploads, describe(UPLOAD_WORDS.list), async (context) => context.json(await ingest.list()));

  app.post(ROUTES.uploadRetry, describe(UPLOAD_WORDS.retry), async (context) => {
    const uploadId = context.req.param("uploadId");
    await ingest.retry(uploadId);
    return context.json(await requireStatus(ingest, uploadId), 202);
  });
  app.all(ROUTES.uploadRetry, methodNotAllowed("POST"));

  app.get(ROUTES.uploadStatus, describe(UPLOAD_WORDS.status), async (context) =>
    context.json(await requireStatus(ingest, context.req.param("uploadId"))),
  );
  app.all(ROUTES.uploadStatus, methodNotAllowed("GET", "HEAD"));

  app.get(ROUTES.uploadEvents, describe(UPLOAD_WORDS.events), async (context) => {
    const uploadId = context.req.param("uploadId");
    await requireStatus(ingest, uploadId);
    if (watchers >= MAX_WATCHERS) {
      throw new VStackError(
        "too-many-requests",
        `Cannot watch now as ${MAX_WATCHERS} connections do: ask for the status`,
      );
    }
    return eventAnswer<UploadStatus>("status", {
      read: () => ingest.status(uploadId),
      isLast: isOver,
      async watch(onChange) {
        const unwatch = await ingest.watch(uploadId, onChange);
        watchers += 1;
        return () => {
          watchers -= 1;
          unwatch?.();
        };
      },
      signal: context.req.raw.signal,
      clock,
    });
  });
  app.all(ROUTES.uploadEvents, methodNotAllowed("GET"));

  const tus = (context: Context) => answerTus(context.req.raw);
  app.post(ROUTES.uploads, describe(UPLOAD_WORDS.create), tus);
  app.options(ROUTES.uploads, describe(UPLOAD_WORDS.options), tus);
  // Hono hands HEAD to the handlers of GET, so the second line describes what the first answers.
  app.use(ROUTES.upload, (context, next) => (context.req.method === "HEAD" ? answerTus(context.req.raw) : next()));
  app.on("HEAD", ROUTES.upload, describe(UPLOAD_WORDS.offset), tus);
  app.patch(ROUTES.upload, describe(UPLOAD_WORDS.append), tus);
  app.delete(ROUTES.upload, describe(UPLOAD_WORDS.terminate), tus);
  app.options(ROUTES.upload, describe(UPLOAD_WORDS.options), tus);
  app.all(ROUTES.uploads, methodNotAllowed("GET", "HEAD", "POST", "OPTIONS"));
  app.all(ROUTES.upload, methodNotAllowed("HEAD", "PATCH", "DELETE", "OPTIONS"));
  return app;
}

async function requireStatus(ingest: Ingest, uploadId: string): Promise<UploadStatus> {
  const status = await ingest.status(uploadId);
  if (status === undefined) throw new VStackError("not-found", `There is no upload "${uploadId}"`);
  return status;
}
