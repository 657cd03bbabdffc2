/** What the proposer of ChunkPaxos says and hears, as it happens, for the page `/consensus`. */
import { Hono } from "hono";
import { NO_STORE } from "#wire/contract/headers.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { ROUTES } from "#wire/contract/paths.ts";
import { methodNotAllowed } from "#wire/server/method-not-allowed.ts";
import type { ProposerFeed } from "../consensus/proposer-feed.ts";
import { MAX_WATCHERS } from "../consensus/proposer-feed.ts";
import type { RouteWords } from "../openapi/describe.ts";
import { describe } from "../openapi/describe.ts";

const WORDS = {
  tag: "consensus",
  summary: "What the proposer says and hears, as it happens",
  description:
    "Events named `proposer`, one for each message and each ending; whole proposals, 20 new ones a second at most. Events named `skipped` count those that were left out.",
  answers: { 200: { says: "Server-sent events", type: "text/event-stream" } },
  problems: ["too-many-requests"],
} as const satisfies RouteWords;

export function consensusEventRoutes({ proposerFeed }: { readonly proposerFeed: ProposerFeed }): Hono {
  const app = new Hono();
  app.get(ROUTES.consensusEvents, describe(WORDS), (context) => {
    if (proposerFeed.watcherCount >= MAX_WATCHERS) {
      throw new VStackError("too-many-requests", `Cannot watch now as ${MAX_WATCHERS} connections do: try again later`);
    }
    return new Response(bodyOf(proposerFeed, context.req.raw.signal), {
      headers: { "content-type": "text/event-stream", "cache-control": NO_STORE, "x-accel-buffering": "no" },
    });
  });
  app.all(ROUTES.consensusEvents, methodNotAllowed("GET"));
  return app;
}

function bodyOf(feed: ProposerFeed, asker: AbortSignal): ReadableStream<Uint8Array> {
  const gone = new AbortController();
  const parts = feed.watch(AbortSignal.any([asker, gone.signal]));
  const encoder = new TextEncoder();
  return new ReadableStream(
    {
      async pull(controller) {
        const { value, done } = await parts.next();
        if (done === true) controller.close();
        else controller.enqueue(encoder.encode(value));
      },
      async cancel() {
        gone.abort();
        await parts.return();
      },
    },
    { highWaterMark: 0 },
  );
}
