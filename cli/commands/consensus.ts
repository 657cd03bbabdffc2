/** `vstack drain` and `vstack rebuild-catalogue`: operations on the acceptors of a running cluster. */
import type { NodeId } from "#core/ids.ts";
import { metadataClient } from "#wire/client/metadata-client.ts";
import { liveClock } from "#wire/client/live-clock.ts";
import type { RebuildState } from "#wire/contract/consensus-view-api.ts";
import { interrupted } from "../interrupted.ts";
import { printJson, printLine, remark } from "../print.ts";

const POLL_MS = 250;
/** Groups follow within a second or two when there are nodes for them. */
const DRAIN_POLLS = 40;

export interface DrainOptions {
  readonly url: string;
  readonly json: boolean;
  readonly undo: boolean;
}

/** @returns the exit code: 1 while the node still votes */
export async function drain(nodeId: NodeId, { url, json, undo }: DrainOptions): Promise<number> {
  const client = metadataClient(url);
  const signal = interrupted();
  let answer = await client.drainNode(nodeId, !undo, signal);
  for (let poll = 0; !undo && answer.groupsLeft > 0 && poll < DRAIN_POLLS; poll += 1) {
    await liveClock.sleep(POLL_MS, signal);
    signal.throwIfAborted();
    answer = await client.drainNode(nodeId, true, signal);
  }
  if (json) printJson(answer);
  else if (undo) printLine(`${nodeId} may vote and hold chunks again`);
  else if (answer.groupsLeft === 0) {
    printLine(
      `${nodeId} votes no more, and gets no new chunks; the ${answer.chunks} chunks that it has move to other nodes: "vstack status" shows how far they are`,
    );
  } else {
    printLine(
      `${nodeId} still votes in ${answer.groupsLeft} groups, as their other members, or nodes to take its place, are missing; it leaves as soon as they are there`,
    );
  }
  return answer.groupsLeft === 0 || undo ? 0 : 1;
}

/** @returns the exit code */
export async function rebuildCatalogue({ url, json }: { url: string; json: boolean }): Promise<number> {
  const client = metadataClient(url);
  const signal = interrupted();
  let state = await client.beginRebuild(signal);
  let said = "";
  while (state.phase !== "done" && state.phase !== "failed") {
    const now = progressText(state);
    if (now !== said) remark(now);
    said = now;
    await liveClock.sleep(POLL_MS, signal);
    signal.throwIfAborted();
    state = await client.rebuildState(signal);
  }
  if (json) printJson(state);
  else printSummary(state);
  return state.phase === "done" && state.problems.length === 0 ? 0 : 1;
}

function progressText(state: RebuildState): string {
  switch (state.phase) {
    case "groups":
      return `Taking over acceptor groups: ${state.groupsDone} of ${state.groupsTotal}`;
    case "records":
      return `Reading what was decided: ${state.positions} positions`;
    case "videos":
    case "idle":
    case "done":
    case "failed":
      return `Reading videos: ${state.videosDone} of ${state.videosTotal}, ${state.chunksDone} chunks`;
  }
}

function printSummary(state: RebuildState): void {
  if (state.failure !== null) {
    printLine(state.failure);
    return;
  }
  const unfinished = state.unfinished === 0 ? "" : `; gave up what was left of ${state.unfinished} unfinished ones`;
  printLine(
    `The catalogue is whole again: ${state.positions} positions, ${state.videosDone} videos looked at${unfinished}`,
  );
  for (const problem of state.problems) printLine(`Not brought back: ${problem}`);
}
