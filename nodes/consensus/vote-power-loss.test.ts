/**
 * Takes the power away before every single operation of a busy acceptor and opens what is left: whatever was answered must
 * still be so, and nobody may have been answered before the flush.
 */
import { expect, test } from "vitest";
import { compareBallots, type Ballot } from "#core/consensus/ballot.ts";
import type { Reply } from "#core/consensus/messages.ts";
import type { ChunkRecord } from "#core/placement/record.ts";
import { type Random, seededRandom } from "#core/random.ts";
import { SimulatedDisk } from "../storage/simulated-disk.ts";
import type { NodeAcceptor } from "./node-acceptor.ts";
import { acceptOf, ballotOf, configOf, keyOf, openAcceptor, requestOf, valueOf } from "./votes.contract.ts";

const SEEDS = [1, 2, 3, 4, 5];
const PROPOSERS = 3;
const STEPS = 12;
const KEYS = 5;
const { group } = configOf();

/** What somebody was told of one key: the highest ballot promised, and the highest one accepted with its value. */
interface Told {
  readonly promised: Ballot;
  readonly accepted: { readonly ballot: Ballot; readonly id: string } | null;
}

interface Knowledge {
  readonly incarnation: string | null;
  readonly starts: number;
  readonly sealedEpoch: number;
  readonly keys: ReadonlyMap<number, Told>;
}

interface Mutable {
  incarnation: string | null;
  starts: number;
  sealedEpoch: number;
  keys: Map<number, Told>;
}

const higher = (a: Ballot, b: Ballot | undefined) => (compareBallots(a, b ?? null) > 0 ? a : (b ?? a));

function learn(known: Mutable, seq: number, ballot: Ballot, id: string | null): void {
  const before = known.keys.get(seq);
  const isNewer = id !== null && compareBallots(ballot, before?.accepted?.ballot ?? null) > 0;
  const accepted = isNewer ? { ballot, id } : (before?.accepted ?? null);
  known.keys.set(seq, { promised: higher(ballot, before?.promised), accepted });
}

/** Prepares and has accepted at random, each ballot once. */
async function propose(acceptor: NodeAcceptor, proposer: string, random: Random, known: Mutable): Promise<void> {
  for (let step = 1; step <= STEPS; step += 1) {
    const seq = Math.floor(random() * KEYS);
    const ballot = ballotOf(step, { proposer });
    const id = random() < 0.6 ? `${proposer}.${step}` : null;
    const ask = "prepare" as const;
    const entry = id === null ? { ask, key: keyOf(seq), ballot } : acceptOf(seq, ballot, valueOf(id));
    const answer = await acceptor.entries(requestOf(acceptor, [entry]), new Set());
    const reply: Reply<ChunkRecord> | undefined = answer.say === "answered" ? answer.replies[0] : undefined;
    if (reply?.say === "promised" || reply?.say === "accepted") learn(known, seq, ballot, id);
  }
}

async function seal(acceptor: NodeAcceptor, known: Mutable): Promise<void> {
  await acceptor.seal({ group, toEpoch: 2, incarnation: acceptor.incarnation, after: "", limit: 1 });
  known.sealedEpoch = 2;
}

async function judge(disk: SimulatedDisk, known: Knowledge, story: string): Promise<void> {
  const acceptor = await openAcceptor(disk);
  if (known.incarnation === null) return;
  expect(acceptor.incarnation, story).toBe(known.incarnation);
  expect(acceptor.report().starts, story).toBeGreaterThan(known.starts);
  const { groups } = await acceptor.groups();
  expect(groups[0]?.sealedEpoch ?? 0, story).toBeGreaterThanOrEqual(known.sealedEpoch);
  for (const [seq, { promised, accepted }] of known.keys) {
    const { states } = await acceptor.states(group, "");
    const found = states.find(({ key }) => key === keyOf(seq))?.accepted;
    expect(compareBallots(found?.ballot ?? null, accepted?.ballot ?? null), story).toBeGreaterThanOrEqual(0);
    if (accepted !== null && compareBallots(found?.ballot ?? null, accepted.ballot) === 0) {
      expect(found?.value.id, story).toBe(accepted.id);
    }
    if (known.sealedEpoch > 1) continue;
    // Whoever was promised a ballot relies on this: no lower one is taken any more.
    const lower = acceptOf(seq, { ...promised, round: promised.round - 1 }, valueOf("late"));
    const answer = await acceptor.entries(requestOf(acceptor, [lower]), new Set());
    if (answer.say !== "sealed") expect(answer, story).toMatchObject({ replies: [{ say: "rejected" }] });
  }
}

test.each(SEEDS)("an acceptor after a power loss at any moment stands by its answers (seed %i)", async (seed) => {
  const disk = new SimulatedDisk();
  const known: Mutable = { incarnation: null, starts: 0, sealedEpoch: 0, keys: new Map() };
  const found: { disk: SimulatedDisk; known: Knowledge; story: string }[] = [];
  disk.before = ({ do: what, path }) => {
    const left = disk.afterPowerLoss(seededRandom(seed * 100_000 + found.length));
    const story = `seed ${seed}, before operation ${found.length}: ${what} ${path}`;
    found.push({ disk: left, known: { ...known, keys: new Map(known.keys) }, story });
  };
  // The second start is that of an acceptor which has a name to lose; short journals compact again and again.
  for (let start = 1; start <= 2; start += 1) {
    const acceptor = await openAcceptor(disk, { minCompactionLines: 12 });
    known.incarnation = acceptor.incarnation;
    known.starts = acceptor.report().starts;
    const work = (proposer: number) =>
      propose(acceptor, `p${start}.${proposer}`, seededRandom(seed * 1000 + start * 100 + proposer), known);
    await Promise.all(Array.from({ length: PROPOSERS }, (_, proposer) => work(proposer)));
    if (start === 2) await seal(acceptor, known);
    await acceptor.close();
  }
  expect(disk.operations.filter((one) => one.do === "rename").length).toBeGreaterThan(2);
  expect(found.length).toBeGreaterThan(60);
  for (const moment of found) await judge(moment.disk, moment.known, moment.story);
});
