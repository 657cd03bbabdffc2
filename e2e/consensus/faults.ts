/**
 * What happens to a cluster while it is used: nodes are killed and started again, frozen, cut off from single proposers in one
 * direction or both, wiped and taken in again, replaced in a group; proposers die. A seed decides what, whom and how long; when
 * exactly, the machine.
 */
import type { Random } from "#core/random.ts";
import { groupOfVideo } from "#core/placement/groups.ts";
import type { Link } from "../../cli/bench/links/start-links.ts";
import type { AcceptorCluster } from "./acceptor-cluster.ts";
import type { RealNode } from "./real-node.ts";

/** Nodes that something happens to at a time: with two of five away a majority is left, with three nobody may decide. */
const MAX_FAULTS = 2;
const MIN_PAUSE_MS = 300;
const MAX_PAUSE_MS = 2_000;

const KINDS = ["kill", "kill", "freeze", "freeze", "cut", "cut", "cut", "wipe", "replace", "proposer"] as const;
type Kind = (typeof KINDS)[number];

export interface FaultWorld {
  readonly cluster: AcceptorCluster;
  /** By proposer, then by node, in the order of the cluster's nodes. */
  readonly links: readonly (readonly Link[])[];
  /** Ends a proposer, and begins another in its place. */
  readonly restartProposer: (at: number) => void;
  readonly random: Random;
  readonly sleep: (ms: number) => Promise<void>;
  /** Ends changes of members. */
  readonly signal: AbortSignal;
}

export interface Faults {
  readonly counts: Readonly<Record<Kind, number>>;
  /** How long each wiped node took from its start to being a member of every group again, milliseconds. */
  readonly readmissionsMs: readonly number[];
  /** Lets what is under way end, and everything be well. */
  heal(): Promise<void>;
}

export function startFaults(world: FaultWorld): Faults {
  const { cluster, random, sleep } = world;
  const counts: Record<Kind, number> = { kill: 0, freeze: 0, cut: 0, wipe: 0, replace: 0, proposer: 0 };
  const readmissionsMs: number[] = [];
  const underWay = new Set<Promise<void>>();
  const busy = new Set<RealNode>();
  const failures: unknown[] = [];
  let isReorganising = false;
  const begin = (kind: Kind) => {
    const free = cluster.nodes.filter((node) => !busy.has(node));
    const node = free[Math.floor(random() * free.length)];
    const reorganises = kind === "wipe" || kind === "replace";
    if (node === undefined || (reorganises && isReorganising)) return;
    counts[kind] += 1;
    const takesNode = kind !== "replace" && kind !== "proposer";
    if (takesNode) busy.add(node);
    if (reorganises) isReorganising = true;
    const run = carryOut(kind, node, { ...world, readmissionsMs })
      .catch((error: unknown) => {
        failures.push(error);
      })
      .finally(() => {
        if (takesNode) busy.delete(node);
        if (reorganises) isReorganising = false;
        underWay.delete(run);
      });
    underWay.add(run);
  };
  const stopping = new AbortController();
  const loop = (async () => {
    while (!stopping.signal.aborted) {
      await sleep(MIN_PAUSE_MS + random() * (MAX_PAUSE_MS - MIN_PAUSE_MS));
      const kind = KINDS[Math.floor(random() * KINDS.length)] ?? "kill";
      if (busy.size < MAX_FAULTS) begin(kind);
    }
  })();
  return {
    counts,
    readmissionsMs,
    async heal() {
      stopping.abort();
      await loop;
      await Promise.all(underWay);
      if (failures.length > 0) throw new AggregateError(failures, "Cannot heal the cluster");
    },
  };
}

interface Acting extends FaultWorld {
  readonly readmissionsMs: number[];
}

async function carryOut(kind: Kind, node: RealNode, world: Acting): Promise<void> {
  const { random, sleep, links } = world;
  const lasting = 100 + random() * 1400;
  switch (kind) {
    case "kill":
      await node.kill();
      await sleep(lasting / 2);
      await startAgain(node, world);
      return;
    case "freeze":
      node.freeze();
      await sleep(lasting);
      node.thaw();
      return;
    case "cut":
      await cut(node, lasting, world);
      return;
    case "wipe":
      await node.kill();
      await node.wipe();
      await startAgain(node, world);
      await readmit(node, world);
      return;
    case "replace":
      await replaceMember(world);
      return;
    case "proposer":
      world.restartProposer(Math.floor(random() * links.length));
  }
}

async function startAgain(node: RealNode, { cluster, links }: Acting): Promise<void> {
  await node.start();
  const at = cluster.nodes.indexOf(node);
  const ways = links.flatMap((ofProposer) => ofProposer[at] ?? []);
  await Promise.all(ways.map((link) => link.change({ target: node.port() })));
}

/** Some proposers and a node do not hear each other, or one does not hear the other. */
async function cut(node: RealNode, lastingMs: number, { cluster, links, random, sleep }: Acting): Promise<void> {
  const at = cluster.nodes.indexOf(node);
  const which = random();
  const holds = { holdsRequests: which < 0.66, holdsAnswers: which > 0.33 };
  const chosen = links.filter(() => random() < 0.6).flatMap((ofProposer) => ofProposer[at] ?? []);
  await Promise.all(chosen.map((link) => link.change(holds)));
  await sleep(lastingMs);
  await Promise.all(chosen.map((link) => link.change({ holdsRequests: false, holdsAnswers: false })));
}

/** The disk is new, so another acceptor is there: every group that names the old one changes. */
async function readmit(node: RealNode, { cluster, signal, readmissionsMs }: Acting): Promise<void> {
  const startedMs = performance.now();
  const incarnation = await cluster.incarnationOf(node);
  for (const group of groupsOf(cluster)) {
    const { members } = cluster.master.active(group);
    const next = members.map((member) => (member.nodeId === node.nodeId ? { ...member, incarnation } : member));
    if (next.some((member, index) => member !== members[index])) await cluster.changeMembers(group, next, signal);
  }
  readmissionsMs.push(performance.now() - startedMs);
}

/** Another node takes the place of a member; now and then two coordinators want different ones at once. */
async function replaceMember({ cluster, random, signal }: Acting): Promise<void> {
  const groups = groupsOf(cluster);
  const group = groups[Math.floor(random() * groups.length)];
  if (group === undefined) return;
  const { members } = cluster.master.active(group);
  const spare = cluster.nodes.find((node) => node.isRunning() && !members.some(({ nodeId }) => nodeId === node.nodeId));
  if (spare === undefined) return;
  const incarnation = await cluster.incarnationOf(spare).catch(() => null);
  if (incarnation === null) return;
  const taking = (leaving: number) =>
    members.map((member, at) => (at === leaving ? { nodeId: spare.nodeId, incarnation } : member));
  const places = random() < 0.3 ? [0, 1] : [Math.floor(random() * members.length)];
  await Promise.all(places.map((place) => cluster.changeMembers(group, taking(place), signal)));
}

const groupsOf = ({ videos }: AcceptorCluster): number[] => videos.map(groupOfVideo);
