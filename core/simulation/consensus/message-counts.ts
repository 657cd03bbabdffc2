/**
 * What agreement costs in messages, counted in two runs on the same simulated network: ChunkPaxos, where the owner's Accept
 * travels with the bytes, and classic Paxos, where the bytes are stored first and both phases follow. Nothing is written
 * down: both are the shipped machines, one begun as an owner, the other not.
 */
import { SOUND } from "../../consensus/rules.ts";
import { seededRandom } from "../../random.ts";
import type { EventLog } from "./events.ts";
import { World } from "./world.ts";

export interface CountRequest {
  readonly seed: number;
  readonly acceptors: 3 | 5;
  /** Chunks of one video, stored at once; 1..100. */
  readonly chunks: number;
  /** Written to when given, for whoever wants to see what is counted. */
  readonly logs?: { readonly chunkPaxos: EventLog; readonly classicPaxos: EventLog };
}

export interface MessageCount {
  /** Requests and answers, the bytes included. */
  readonly messages: number;
  /** Of them, those of requests that carried bytes, and their answers. */
  readonly withBytes: number;
  /** One after the other, until the last chunk is decided and its bytes are stored. */
  readonly roundTrips: number;
}

export interface MessageComparison {
  readonly chunkPaxos: MessageCount;
  readonly classicPaxos: MessageCount;
}

const HOLDERS = ["n1", "n2", "n3"];
const ROUND_TRIP_MS = 20;

export function compareMessages(request: CountRequest): MessageComparison {
  return { chunkPaxos: count(request, "owner"), classicPaxos: count(request, "classic") };
}

function count({ seed, acceptors, chunks, logs }: CountRequest, how: "owner" | "classic"): MessageCount {
  const log = (how === "owner" ? logs?.chunkPaxos : logs?.classicPaxos) ?? null;
  const world = new World({
    ...{ nodeCount: acceptors, acceptors, rules: SOUND, random: seededRandom(seed), log, takesOver: true },
    flushMsMost: 0,
    conditions: {
      ...{ dropRatio: 0, duplicateRatio: 0, slowRatio: 0, impatientRatio: 0, cut: null },
      ...{ delayMsLeast: ROUND_TRIP_MS / 2, delayMsMost: ROUND_TRIP_MS / 2, patienceMs: 1000 },
    },
  });
  const client = world.addClient("u1");
  const keys = Array.from({ length: chunks }, (_, at) => `seg-${at + 1}`);
  let endedAtMs = 0;
  const propose = () => {
    for (const key of keys) world.master.grant(key, client.proposer);
    const wishes = keys.map((key) => {
      const id = client.newId();
      const change = { change: "create", id, body: { text: "3 copies", holders: HOLDERS } } as const;
      return { key, change, isOwner: how === "owner" };
    });
    client.propose(wishes, () => {
      endedAtMs = world.clock.nowMs;
    });
  };
  if (how === "owner") propose();
  else {
    let open = chunks;
    for (const key of keys) {
      client.store(HOLDERS, key, () => {
        open -= 1;
        if (open === 0) propose();
      });
    }
  }
  while (world.clock.step());
  const { requests, answers, withBytes } = world.network.counts;
  const roundTrips = Math.round(endedAtMs / ROUND_TRIP_MS);
  return { messages: requests + answers, withBytes: 2 * withBytes, roundTrips };
}
