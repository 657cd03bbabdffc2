/** `window.vstack`: what a page of ours tells to tests, to tools and to the curious in the console. */
import type { EngineRecording } from "#wire/contract/engine-recording.ts";
import type { NodeEstimateView, SegmentTrace, StrategyName } from "#wire/contract/segment-trace.ts";
import { isLabCluster } from "../shell/lab-mode.ts";
import { workerLink } from "../shell/worker-link.ts";
import { pagePlayers, pageSessions } from "../state/playback-store.ts";
import { pageTraces } from "../state/page-traces.ts";

export interface PageApi {
  /** Traces of all players that this page had, as the worker knows them now. Empty when no worker serves this page. */
  traces(): Promise<SegmentTrace[]>;
  /** What is believed about the nodes; empty when no worker serves this page. */
  estimates(): NodeEstimateView[];
  /** Lab mode: the worker records from now on what its engine is told. False elsewhere, and without a worker. */
  record(): Promise<boolean>;
  /** Lab mode: what was recorded since; null when nothing is. */
  recording(): Promise<EngineRecording | null>;
  /** Names the first player of this page; undefined when there is none. */
  readonly session: string | undefined;
  /** Of the first player of this page. */
  readonly strategy: StrategyName | undefined;
}

declare global {
  interface Window {
    vstack: PageApi;
  }
}

async function askForRecording(kind: "record" | "recording"): Promise<EngineRecording | null> {
  if (!(await isLabCluster())) return null;
  const answer = await workerLink.ask({ kind });
  return answer?.kind === "recording" ? answer.recording : null;
}

/** Puts the interface on the window. */
export function installPageApi(): void {
  const firstPlayer = () => [...pagePlayers][0]?.playback;
  window.vstack = {
    async traces() {
      return (await pageTraces.fresh()).filter((trace) => pageSessions.has(trace.session));
    },
    estimates: () => [...pageTraces.mirror.estimates],
    record: async () => (await askForRecording("record")) !== null,
    recording: () => askForRecording("recording"),
    get session() {
      return firstPlayer()?.session;
    },
    get strategy() {
      return firstPlayer()?.strategy;
    },
  };
}
