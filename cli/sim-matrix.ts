/** Words of the command line as a matrix of simulated sessions: names are checked, networks are found by name. */
import type { TopologySet } from "#core/network/named-plans.ts";
import { planFor, planNames, topologyNodeIds } from "#core/network/named-plans.ts";
import type { VideoOptions } from "#core/playback/video-model.ts";
import { DEFAULT_VIDEO } from "#core/playback/video-model.ts";
import type { MatrixOptions } from "#core/simulation/run-matrix.ts";
import { COMPETITORS, QUALITIES } from "#core/simulation/run-matrix.ts";
import { VStackError } from "#wire/contract/errors.ts";

export const DEFAULT_STRATEGIES = ["smart", "naive", "nearest", "random", "original", "hls-default", "hls-tuned"];
/** The nodes of scenarios that name none. */
const SCENARIO_NODES = ["n1", "n2", "n3", "n4"];

export interface SimWords {
  /** Every topology when left out. */
  readonly scenario?: readonly string[];
  readonly strategy?: readonly string[];
  readonly seeds: readonly number[];
  readonly cold: boolean;
  readonly video?: Omit<VideoOptions, "seed">;
}

/** @throws VStackError `bad-request` for a name that nothing has */
export function simMatrix(words: SimWords, files: TopologySet | undefined): MatrixOptions {
  const known = planNames(files).map(({ name }) => name);
  const scenarios = words.scenario ?? topologyNames(files);
  const unknown = scenarios.find((name) => !known.includes(name));
  if (unknown !== undefined) throw unknownName("scenario", unknown, known);
  const competitors = (words.strategy ?? DEFAULT_STRATEGIES).map((name) => {
    const competitor = COMPETITORS.get(name);
    if (competitor === undefined) throw unknownName("strategy", name, [...COMPETITORS.keys()]);
    return competitor;
  });
  return {
    ...{ scenarios, competitors, qualities: QUALITIES, remembers: !words.cold, seeds: words.seeds },
    video: words.video ?? DEFAULT_VIDEO,
    planOf: (name, seed) => {
      const nodeIds = topologyNodeIds(name, files) ?? SCENARIO_NODES;
      const plan = planFor(name, { seed, nodeIds, ...(files === undefined ? {} : { files }) });
      if (plan === undefined) throw unknownName("scenario", name, known);
      return plan;
    },
  };
}

/** Those of the files; the generated ones without files. */
export function topologyNames(files: TopologySet | undefined): readonly string[] {
  if (files !== undefined) return files.topologies.map(({ id }) => id);
  return planNames().flatMap(({ name }) => (name.includes(":") ? [] : [name]));
}

function unknownName(what: string, name: string, known: readonly string[]): VStackError {
  return new VStackError("bad-request", `Cannot simulate the ${what} "${name}": known are ${known.join(", ")}`);
}
