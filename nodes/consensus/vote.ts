/** What stands between a request and the acceptor: are its keys of its group, and which of its grants are good. */
import type { EntriesAnswer, EntriesRequest } from "#core/consensus/messages.ts";
import type { ChunkRecord } from "#core/placement/record.ts";
import { type CapabilityReader, isOver } from "#wire/client/capability.ts";
import type { GrantedRequest } from "#wire/contract/consensus-api.ts";
import { VStackError } from "#wire/contract/errors.ts";
import type { NodeAcceptor } from "./node-acceptor.ts";
import { groupOfKey } from "./vote-memory.ts";

export interface VotePorts {
  readonly acceptor: NodeAcceptor;
  /** Of grants and of permissions to ask: the same ones come again and again. */
  readonly readCapability: CapabilityReader;
  /** Wall clock, as capabilities travel between machines. */
  readonly wallMs: () => number;
}

/**
 * Has the acceptor vote, with the grants that are good.
 *
 * @throws VStackError `bad-request` for keys of another group; as NodeAcceptor.entries
 */
export async function vote(
  { grants, ...request }: GrantedRequest,
  ports: VotePorts,
): Promise<EntriesAnswer<ChunkRecord>> {
  mustBeOneGroup(request);
  return await ports.acceptor.entries(request, await grantedSubjects(request, grants, ports));
}

/** The group of a key follows from the key: a proposer that thought otherwise would vote it twice. */
function mustBeOneGroup({ config, entries }: EntriesRequest<ChunkRecord>): void {
  const stray = entries.find(({ key }) => groupOfKey(key) !== config.group);
  if (stray === undefined) return;
  const belongs = `it belongs to group ${groupOfKey(stray.key)}`;
  throw new VStackError("bad-request", `Cannot vote on "${stray.key}" in group ${config.group} as ${belongs}`);
}

/** Subjects of the good grants; a bad one is as none. Looked at only where round 0 asks for them. */
async function grantedSubjects(
  { entries }: EntriesRequest<ChunkRecord>,
  grants: readonly string[],
  { readCapability, wallMs }: VotePorts,
): Promise<ReadonlySet<string>> {
  const subjects = new Set<string>();
  if (!entries.some((entry) => entry.ask === "accept" && entry.ballot.round === 0)) return subjects;
  for (const claims of await Promise.all(grants.map(readCapability))) {
    if (claims?.method === "OWN" && !isOver(claims, wallMs())) subjects.add(claims.subject);
  }
  return subjects;
}
