/**
 * The page's line to the cluster as it is now: nodes and the queue of redundancy, on one connection. A hidden page hangs up,
 * as a browser has six connections to a server and many tabs; it asks again when it is seen.
 */
import * as v from "valibot";
import type { ClusterLive } from "#wire/contract/cluster-live-api.ts";
import { ClusterLiveSchema } from "#wire/contract/cluster-live-api.ts";
import { ROUTES } from "#wire/contract/paths.ts";

export interface ClusterView {
  /** `lost`: what is shown is old; the browser connects again by itself. */
  readonly status: "connecting" | "live" | "lost";
  /** Undefined before the first word. */
  readonly live: ClusterLive | undefined;
}

/** Calls back with every change, and once at the beginning, until `signal`. */
export function watchCluster(onChange: (view: ClusterView) => void, signal: AbortSignal): void {
  let view: ClusterView = { status: "connecting", live: undefined };
  let source: EventSource | undefined;
  const change = (parts: Partial<ClusterView>) => {
    if (signal.aborted) return;
    view = { ...view, ...parts };
    onChange(view);
  };
  const hangUp = () => {
    source?.close();
    source = undefined;
  };
  const listen = () => {
    if (document.visibilityState === "hidden") {
      hangUp();
      return;
    }
    if (source !== undefined) return;
    source = new EventSource(ROUTES.events);
    source.addEventListener("error", () => {
      change({ status: "lost" });
      // Refused for good (too many watch): the browser does not ask again, the next look at the page does.
      if (source?.readyState === EventSource.CLOSED) hangUp();
    });
    source.addEventListener("cluster", (event: MessageEvent<string>) => {
      const live = v.safeParse(ClusterLiveSchema, JSON.parse(event.data));
      if (live.success) change({ status: "live", live: live.output });
    });
  };
  document.addEventListener("visibilitychange", listen, { signal });
  signal.addEventListener("abort", hangUp);
  change({});
  listen();
}
