/**
 * Who is there: heartbeats in, `alive`, `suspect` and `dead` out. A state machine with the time as argument; the driver
 * (node-directory.ts) brings the clock and the ticks.
 *
 * All times are milliseconds of the receiver's own monotonic clock, so a node's wrong clock means nothing. It never flaps:
 * a node that was silent is believed again after two heartbeats in a row, unless it says that it was restarted; and time
 * in which this process itself did not run (suspended, stopped, starved) is charged to nobody.
 */
import type { NodeId } from "#core/ids.ts";
import type { Heartbeat, NodeState } from "#wire/contract/cluster-api.ts";
import { HEARTBEAT_INTERVAL_MS } from "#wire/contract/cluster-api.ts";
import { MAX_NODES } from "#wire/contract/limits.ts";

/** Three missed heartbeats: one may be lost, two may be late. */
export const SUSPECT_AFTER_MS = 3 * HEARTBEAT_INTERVAL_MS;
/** Ten missed heartbeats: nothing new is placed there, and repair may begin. */
export const DEAD_AFTER_MS = 10 * HEARTBEAT_INTERVAL_MS;
/** The driver ticks this often. */
export const TICK_MS = HEARTBEAT_INTERVAL_MS / 2;
/** A longer pause between two events of ours means that we were the ones asleep. Twice a tick allows a busy event loop. */
const AWAKE_GAP_MS = 2 * TICK_MS;
/** A silent node of the same incarnation must be heard this often in a row. */
const BEATS_TO_RETURN = 2;

export interface Member {
  readonly heartbeat: Heartbeat;
  readonly state: NodeState;
  /** Our clock at its last heartbeat, moved on by the time that we slept. */
  readonly heardAtMs: number;
  /** Heartbeats in a row, none later than {@link SUSPECT_AFTER_MS}; bounded by {@link BEATS_TO_RETURN}. */
  readonly beats: number;
  /** Known from before this program started and not heard since: no silence was measured, its first word counts. */
  readonly remembered: boolean;
}

export interface Membership {
  readonly members: ReadonlyMap<NodeId, Member>;
  /** Our clock at the last event; null before the first. */
  readonly lastEventMs: number | null;
}

export const NO_MEMBERS: Membership = { members: new Map(), lastEventMs: null };

/**
 * Members as they were known when the program last ran. They are `suspect` until they speak, so that a manifest names
 * their addresses from the first moment and nothing new is placed on them.
 */
export function rememberedMembers(heartbeats: readonly Heartbeat[], nowMs: number): Membership {
  const members = heartbeats.map((heartbeat): [NodeId, Member] => [
    heartbeat.nodeId,
    // As if last heard on the edge of suspicion: a node that stays silent is dead after the usual rest of the time.
    { heartbeat, state: "suspect", heardAtMs: nowMs - SUSPECT_AFTER_MS, beats: 0, remembered: true },
  ]);
  return { members: new Map(members.slice(0, MAX_NODES)), lastEventMs: nowMs };
}

/** Time passed: nodes grow silent. Call it every {@link TICK_MS}. */
export function onTick(membership: Membership, nowMs: number): Membership {
  const members = [...slept(membership, nowMs)].map(([id, member]): [NodeId, Member] => [id, aged(member, nowMs)]);
  return { members: new Map(members), lastEventMs: nowMs };
}

/**
 * A node spoke. When {@link MAX_NODES} are known, a newcomer takes the place of the node that is dead for longest; if none
 * is dead it is not taken in (ask {@link Membership.members}).
 */
export function onHeartbeat(membership: Membership, heartbeat: Heartbeat, nowMs: number): Membership {
  const { members } = onTick(membership, nowMs);
  const next = new Map(members);
  const known = next.get(heartbeat.nodeId);
  if (known === undefined && next.size >= MAX_NODES) {
    const longestDead = [...next]
      .filter(([, member]) => member.state === "dead")
      .sort(([, a], [, b]) => a.heardAtMs - b.heardAtMs)[0];
    if (longestDead === undefined) return { members, lastEventMs: nowMs };
    next.delete(longestDead[0]);
  }
  next.set(heartbeat.nodeId, heard(known, heartbeat, nowMs));
  return { members: next, lastEventMs: nowMs };
}

function heard(known: Member | undefined, heartbeat: Heartbeat, nowMs: number): Member {
  const member = { heartbeat, heardAtMs: nowMs, remembered: false };
  const isNew = known === undefined || known.remembered;
  const restarted = known?.heartbeat.incarnation !== heartbeat.incarnation || known.heartbeat.pid !== heartbeat.pid;
  if (isNew || restarted || known.state === "alive") return { ...member, state: "alive", beats: BEATS_TO_RETURN };
  const inARow = nowMs - known.heardAtMs < SUSPECT_AFTER_MS;
  const beats = inARow ? known.beats + 1 : 1;
  return { ...member, state: beats >= BEATS_TO_RETURN ? "alive" : known.state, beats };
}

/** Members after our own sleep is taken out of their silence. */
function slept({ members, lastEventMs }: Membership, nowMs: number): ReadonlyMap<NodeId, Member> {
  const gapMs = lastEventMs === null ? 0 : nowMs - lastEventMs;
  if (gapMs <= AWAKE_GAP_MS) return members;
  const asleepMs = gapMs - TICK_MS;
  return new Map([...members].map(([id, member]) => [id, { ...member, heardAtMs: member.heardAtMs + asleepMs }]));
}

/** Silence only ever makes a state worse: the way back is through heartbeats. */
function aged(member: Member, nowMs: number): Member {
  const silentMs = nowMs - member.heardAtMs;
  if (member.state !== "dead" && silentMs > DEAD_AFTER_MS) return { ...member, state: "dead", beats: 0 };
  if (member.state === "alive" && silentMs >= SUSPECT_AFTER_MS) return { ...member, state: "suspect", beats: 0 };
  return member;
}
