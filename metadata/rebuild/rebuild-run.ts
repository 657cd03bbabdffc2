/** One rebuilding of the catalogue at a time, begun by whoever asks, with its state for whoever looks. */
import type { RebuildState } from "#wire/contract/consensus-view-api.ts";
import type { Log } from "#wire/server/log.ts";
import type { RebuildPorts } from "./rebuild-catalogue.ts";
import { IDLE_REBUILD, rebuildCatalogue } from "./rebuild-catalogue.ts";

export interface RebuildRun {
  /** Begins unless one is under way. */
  begin(): RebuildState;
  state(): RebuildState;
  /** Resolves when nothing of it runs. */
  ended(): Promise<void>;
}

/** @param signal ends it; it may be begun again */
export function rebuildRun(ports: RebuildPorts & { readonly log: Log }, signal: AbortSignal): RebuildRun {
  let state = IDLE_REBUILD;
  let running: Promise<void> | null = null;
  const report = (change: Partial<RebuildState>) => {
    state = { ...state, ...change };
  };
  const run = async () => {
    try {
      await rebuildCatalogue(ports, report, signal);
      ports.log.info(state, "Rebuilt the catalogue from the nodes");
    } catch (error) {
      report({ phase: "failed", failure: error instanceof Error ? error.message : String(error) });
      ports.log.error({ err: error }, "Cannot rebuild the catalogue");
    } finally {
      running = null;
    }
  };
  return {
    begin() {
      if (running === null) {
        report({ ...IDLE_REBUILD, phase: "groups" });
        running = run();
      }
      return state;
    },
    state: () => state,
    ended: () => running ?? Promise.resolve(),
  };
}
