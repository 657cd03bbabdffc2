/**
 * Keeps the members of acceptor groups as they shall be (group-members.ts): takes a wiped node in anew, replaces one that is
 * gone for long or drained, grows groups when nodes join, and takes over from a coordinator that died. While a group changes
 * its members, data is read as ever, and proposals wait for some milliseconds.
 */
import { Counter, Histogram, type Registry } from "prom-client";
import type { GroupConfig } from "#core/consensus/group.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import type { FetchPort } from "#wire/client/http.ts";
import type { Log } from "#wire/server/log.ts";
import type { Consensus } from "./assemble-consensus.ts";
import type { GroupState } from "./config-master.ts";
import { membersFor, sameMembers } from "./group-members.ts";
import { runReconfiguration } from "./run-reconfiguration.ts";

/** Looks for changes this often: a wiped node is back in its groups soon after its first heartbeat. */
const ROUND_MS = 1000;
/** Groups changed at once. Each holds its records in memory meanwhile: some hundred bytes a chunk. */
const AT_ONCE = 4;
/** After a failed attempt a group is left alone for a second, twice as long after the next, up to this. */
const MAX_PAUSE_MS = 60_000;

export interface ReconfigurationLoop {
  /** One look at every group. @returns groups whose members have changed */
  round(signal: AbortSignal): Promise<number>;
  /** Rounds until the signal fires. */
  run(signal: AbortSignal): Promise<void>;
}

export interface ReconfigurationLoopPorts {
  readonly consensus: Consensus;
  readonly clock: Clock;
  readonly fetch: FetchPort;
  readonly log: Log;
  readonly registry: Registry;
}

/** Why members change, for log and metrics. */
const REASONS = ["takeover", "readmission", "replacement", "growth"] as const;
type Reason = (typeof REASONS)[number];

interface Change {
  readonly from: GroupConfig;
  readonly members: GroupConfig["members"];
  readonly reason: Reason;
}

export function reconfigurationLoop(ports: ReconfigurationLoopPorts): ReconfigurationLoop {
  const { consensus, clock, log } = ports;
  const { master, groups } = consensus;
  const figures = reconfigurationFigures(ports.registry);
  const failures = new Map<number, { count: number; untilMs: number }>();

  const wantedChange = ({ group, active, pending }: GroupState): Change | null => {
    if (active === null) return null;
    const { reachable, quorum } = groups.reach(active);
    // Nothing can be read from fewer: whoever is missing has to come back.
    if (reachable < quorum) return null;
    // A catalogue that was put back to an earlier state would give out epochs that were used.
    if (active.members.some((one) => consensus.acceptors.standing(one.nodeId, one.incarnation) === "foreign"))
      return null;
    const nodes = groups.nodes();
    const members = membersFor({ group, current: active.members, nodes, wanted: consensus.settings.acceptors });
    if (members.length < Math.min(2, active.members.length)) return null;
    if (pending !== null) return { from: active, members, reason: "takeover" };
    if (sameMembers(members, active.members)) return null;
    return { from: active, members, reason: reasonOf(active, members) };
  };

  const change = async ({ from, members, reason }: Change, signal: AbortSignal): Promise<boolean> => {
    const { group } = from;
    const startedMs = clock.nowMs();
    const to = await master.begin(from, members);
    if (to === null) return false;
    const driven = {
      ...ports,
      master,
      mint: consensus.mint,
      coordinator: consensus.coordinator,
      targetOf: consensus.targetOf,
    };
    let durationMs = 0;
    const onActive = () => {
      durationMs = clock.nowMs() - startedMs;
      groups.forget(group);
    };
    const { outcome, keys } = await runReconfiguration({ from, to }, { ports: driven, signal, onActive });
    if (outcome === "failed") durationMs = clock.nowMs() - startedMs;
    figures.changed(reason, outcome, durationMs);
    const facts = { group, reason, epoch: to.epoch, keys, durationMs: Math.round(durationMs) };
    if (outcome === "failed") {
      const count = (failures.get(group)?.count ?? 0) + 1;
      failures.set(group, { count, untilMs: clock.nowMs() + Math.min(MAX_PAUSE_MS, 500 * 2 ** count) });
      log.warn(facts, "Cannot change the members of an acceptor group: will try again");
      return false;
    }
    failures.delete(group);
    log.info({ ...facts, members: to.members }, "Changed the members of an acceptor group");
    tellReadmissions(from, to);
    return true;
  };

  const tellReadmissions = (from: GroupConfig, to: GroupConfig) => {
    for (const { nodeId, incarnation } of to.members) {
      const before = from.members.find((member) => member.nodeId === nodeId);
      if (before === undefined || before.incarnation === incarnation) continue;
      const knownForMs = consensus.acceptors.knownForMs(nodeId, incarnation);
      if (knownForMs !== null) figures.readmitted(knownForMs);
      const afterMs = knownForMs === null ? null : Math.round(knownForMs);
      log.info({ nodeId, group: to.group, afterMs }, "A wiped acceptor votes again");
    }
  };

  const round = async (signal: AbortSignal): Promise<number> => {
    await groups.meet(signal);
    const wanted = (await master.states())
      .filter(({ group }) => (failures.get(group)?.untilMs ?? 0) <= clock.nowMs())
      .flatMap((state) => wantedChange(state) ?? []);
    const queue = wanted.values();
    let changed = 0;
    const worker = async () => {
      for (const one of queue) {
        if (signal.aborted) return;
        if (await change(one, signal)) changed += 1;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    return changed;
  };

  return {
    round,
    async run(signal) {
      while (!signal.aborted) {
        await round(signal).catch((error: unknown) => {
          if (!signal.aborted) log.error({ err: error }, "Cannot look after the acceptor groups: will try again");
        });
        await clock.sleep(ROUND_MS, signal);
      }
    },
  };
}

function reasonOf({ members: before }: GroupConfig, members: GroupConfig["members"]): Reason {
  const was = (nodeId: string) => before.find((member) => member.nodeId === nodeId);
  const isReadmission = members.some(({ nodeId, incarnation }) => {
    const known = was(nodeId);
    return known !== undefined && known.incarnation !== incarnation;
  });
  if (isReadmission) return "readmission";
  return members.length > before.length ? "growth" : "replacement";
}

function reconfigurationFigures(registry: Registry) {
  const registers = [registry];
  const changes = new Counter({
    name: "vstack_reconfigurations_total",
    help: "Changes of members of acceptor groups, by reason and outcome",
    labelNames: ["reason", "outcome"],
    registers,
  });
  for (const reason of REASONS) for (const outcome of ["active", "failed"]) changes.inc({ reason, outcome }, 0);
  const durations = new Histogram({
    name: "vstack_reconfiguration_seconds",
    help: "Time of a change, in which the group decides nothing",
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60],
    registers,
  });
  const readmissions = new Histogram({
    name: "vstack_readmission_seconds",
    help: "From the first heartbeat of a wiped acceptor until it votes again in one of its groups",
    buckets: [0.1, 0.5, 1, 2, 5, 10, 60],
    registers,
  });
  return {
    changed(reason: Reason, outcome: string, durationMs: number) {
      changes.inc({ reason, outcome });
      durations.observe(durationMs / 1000);
    },
    readmitted(afterMs: number) {
      readmissions.observe(afterMs / 1000);
    },
  };
}
