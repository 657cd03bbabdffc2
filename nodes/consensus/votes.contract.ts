/** What tests of votes need: an acceptor on a disk of its own, and requests to it. */
import type { Ballot } from "#core/consensus/ballot.ts";
import type { GroupConfig } from "#core/consensus/group.ts";
import type { EntriesRequest, Entry } from "#core/consensus/messages.ts";
import type { Value } from "#core/consensus/value.ts";
import { type ChunkHash, parseChunkHash, parseNodeId } from "#core/ids.ts";
import { groupOfVideo } from "#core/placement/groups.ts";
import { parsePosition } from "#core/placement/position.ts";
import type { ChunkRecord } from "#core/placement/record.ts";
import { grantSubject } from "#wire/contract/consensus-api.ts";
import { silentLog } from "#wire/server/log.ts";
import { SimulatedDisk } from "../storage/simulated-disk.ts";
import type { AcceptorOpening } from "./node-acceptor.ts";
import { NodeAcceptor } from "./node-acceptor.ts";

export const VIDEO = "aaaaaaaaaaaaaaaaaaaaaaaaaa";
export const OWNER = "owner";

/** Opens an acceptor that waits for nobody's verdict. */
export function openAcceptor(
  disk: SimulatedDisk = new SimulatedDisk(),
  opening: Partial<AcceptorOpening> = {},
): Promise<NodeAcceptor> {
  return NodeAcceptor.open({
    ...{ fileSystem: disk, folder: "/data", waitsForVerdict: false, log: silentLog },
    ...opening,
  });
}

/** A key of the video's, whose group is that of {@link configOf}. */
export function keyOf(seq: number): string {
  return `${VIDEO}/720p/${seq}`;
}

export function configOf(epoch = 1): GroupConfig {
  const position = parsePosition(keyOf(0));
  if (position === undefined) throw new Error("The key is a position");
  const members = [1, 2, 3].map((number) => ({ nodeId: `node-${number}`, incarnation: `disk-${number}` }));
  return { group: groupOfVideo(position.videoId), epoch, members };
}

export function ballotOf(round: number, { epoch = 1, proposer = OWNER } = {}): Ballot {
  return { epoch, round, proposer };
}

/** @param hash what the record is of; any when left out */
export function valueOf(id: string, hash: ChunkHash = anyHash()): Value<ChunkRecord> {
  const nodeId = parseNodeId("node-1");
  if (nodeId === undefined) throw new Error("node-1 is a node id");
  const body: ChunkRecord = {
    ...{ schema: 1, version: 1, hash, sizeBytes: 1000, blockSizeBytes: 131_072, blocksDigest: anyHash() },
    scheme: { kind: "replication" },
    holders: [{ nodeId, holds: "replica" }],
  };
  return { version: 1, id, previousId: null, body };
}

/** A request that means this acceptor. */
export function requestOf(
  acceptor: { readonly incarnation: string },
  entries: readonly Entry<ChunkRecord>[],
  epoch = 1,
): EntriesRequest<ChunkRecord> {
  return { config: configOf(epoch), incarnation: acceptor.incarnation, entries };
}

export function acceptOf(seq: number, ballot: Ballot, value: Value<ChunkRecord>): Entry<ChunkRecord> {
  return { ask: "accept", key: keyOf(seq), ballot, value };
}

/** Grants of {@link OWNER}. */
export const GRANTED: ReadonlySet<string> = new Set([grantSubject(VIDEO, 1, OWNER)]);

function anyHash(): ChunkHash {
  const hash = parseChunkHash("ab".repeat(32));
  if (hash === undefined) throw new Error("64 digits are a hash");
  return hash;
}
