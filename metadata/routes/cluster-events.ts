/** `GET /api/events`: what the pages of nodes and storage show, as it changes, on one connection. */
import { Hono } from "hono";
import type { Clock } from "#wire/client/live-clock.ts";
import type { ClusterLive } from "#wire/contract/cluster-live-api.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { ROUTES } from "#wire/contract/paths.ts";
import { methodNotAllowed } from "#wire/server/method-not-allowed.ts";
import type { NodeDirectory } from "../cluster/node-directory.ts";
import type { RouteWords } from "../openapi/describe.ts";
import { describe } from "../openapi/describe.ts";
import type { Redundancy } from "../upkeep/redundancy-port.ts";
import { eventAnswer } from "./event-answer.ts";

/** Pages that watch at a time; hidden ones hang up. */
const MAX_WATCHERS = 64;

const WORDS = {
  ...{ tag: "cluster", summary: "Nodes, and the queue of redundancy, as they are now and whenever they change" },
  description: "Events named `cluster`, one every two seconds at least, five a second at most.",
  answers: { 200: { says: "Server-sent events", type: "text/event-stream" } },
  problems: ["too-many-requests"],
} as const satisfies RouteWords;

export interface ClusterEventsPorts {
  readonly directory: Pick<NodeDirectory, "summaries" | "beats">;
  readonly isDraining: (nodeId: string) => boolean;
  readonly redundancy: Pick<Redundancy, "queue" | "watchQueue">;
  readonly clock: Clock;
}

export function clusterEventRoutes({ directory, isDraining, redundancy, clock }: ClusterEventsPorts): Hono {
  const app = new Hono();
  let watchers = 0;
  const now = (askedHost: string | undefined): ClusterLive => ({
    nodes: directory.summaries(askedHost).map((node) => ({
      ...node,
      draining: isDraining(node.id),
      beats: directory.beats(node.id),
    })),
    queue: redundancy.queue(),
  });
  app.get(ROUTES.events, describe(WORDS), (context) => {
    if (watchers >= MAX_WATCHERS) {
      throw new VStackError(
        "too-many-requests",
        `Cannot watch now as ${MAX_WATCHERS} connections do: ask for the state`,
      );
    }
    const askedHost = context.req.header("host");
    return eventAnswer<ClusterLive>("cluster", {
      read: () => Promise.resolve(now(askedHost)),
      isLast: () => false,
      watch: (onChange) => {
        watchers += 1;
        const unwatch = redundancy.watchQueue(onChange);
        return Promise.resolve(() => {
          watchers -= 1;
          unwatch();
        });
      },
      ...{ signal: context.req.raw.signal, clock },
    });
  });
  app.all(ROUTES.events, methodNotAllowed("GET"));
  return app;
}
