/** A proposer with links of its own to every node: what the metadata server has, without its database. */
import { randomBytes } from "node:crypto";
import type { GroupConfig } from "#core/consensus/group.ts";
import type { VideoId } from "#core/ids.ts";
import { parseNodeId } from "#core/ids.ts";
import { positionText } from "#core/placement/position.ts";
import type { ClusterKey } from "#wire/client/capability.ts";
import { mintCapability } from "#wire/client/capability.ts";
import type { FetchPort } from "#wire/client/http.ts";
import { liveFetch } from "#wire/client/http.ts";
import { liveClock, liveRandom } from "#wire/client/live-clock.ts";
import { grantSubject, MAX_CONSENSUS_BYTES } from "#wire/contract/consensus-api.ts";
import { messageStreams } from "#wire/server/message-streams.ts";
import { pooledFetch } from "#wire/server/pooled-fetch.ts";
import type { AcceptorLinks } from "#wire/exchange/acceptor-links.ts";
import { acceptorLinks } from "#wire/exchange/acceptor-links.ts";
import type { Ownership, RecordDecider } from "#wire/exchange/decide-record.ts";
import { recordDecider } from "#wire/exchange/decide-record.ts";
import type { MintCapability } from "#wire/exchange/store-chunk.ts";

/** Capabilities last five minutes. */
const RENEW_MS = 60_000;
/** As the metadata server asks. */
export const keptFetch: FetchPort = pooledFetch(liveFetch);

export interface ProposerWorld {
  readonly clusterKey: ClusterKey;
  /** Where this proposer reaches a node. */
  readonly urlOf: (nodeId: string) => string | undefined;
  readonly active: (group: number) => GroupConfig;
  /** The token of the one proposer that owns a video's positions in round 0; it is asked with each proposer's own. */
  readonly owns: (videoId: VideoId, proposer: string, config: GroupConfig) => boolean;
  /** Everything goes through it, and no streams are kept; as the metadata server asks unless given. */
  readonly fetch?: FetchPort;
}

export interface ProposerClient {
  readonly proposer: string;
  readonly decider: RecordDecider;
  readonly links: AcceptorLinks;
  readonly mint: MintCapability;
  readonly newValueId: () => string;
  /** Ends everything that is under way, as the death of its process would: nobody knows how it ended. */
  readonly stop: () => void;
  readonly signal: AbortSignal;
}

export function startProposer(world: ProposerWorld): ProposerClient {
  const proposer = randomBytes(16).toString("hex");
  const stopping = new AbortController();
  const { signal } = stopping;
  const mint = rememberedMint(world.clusterKey);
  const links = acceptorLinks({
    targetOf: (name) => {
      const [nodeId, url] = [parseNodeId(name), world.urlOf(name)];
      return nodeId === undefined || url === undefined ? undefined : { nodeId, url };
    },
    ...{ mint, clock: liveClock, fetch: world.fetch ?? keptFetch, signal, atEndOfTurn: setImmediate },
    ...(world.fetch === undefined
      ? { stream: messageStreams({ nowMs: () => performance.now(), maxBytes: MAX_CONSENSUS_BYTES, signal }) }
      : {}),
  });
  const decider = recordDecider({
    groups: { current: (group) => Promise.resolve(world.active(group)) },
    ownership: ownershipOf(proposer, world, mint),
    ...{ links, proposer, random: liveRandom, clock: liveClock },
  });
  let values = 0;
  return {
    ...{ proposer, decider, links, mint, signal },
    newValueId() {
      values += 1;
      return `${proposer}.${values.toString(36)}`;
    },
    stop() {
      stopping.abort();
    },
  };
}

function ownershipOf(proposer: string, { owns }: ProposerWorld, mint: MintCapability): Ownership {
  const used = new Set<string>();
  const grant = (videoId: VideoId, epoch: number) =>
    mint({ method: "OWN", subject: grantSubject(videoId, epoch, proposer) });
  return {
    async take(position, config) {
      const key = positionText(position);
      if (used.has(key) || !owns(position.videoId, proposer, config)) return null;
      used.add(key);
      return await grant(position.videoId, config.epoch);
    },
    renew: (videoId, { epoch }) => grant(videoId, epoch),
  };
}

function rememberedMint(clusterKey: ClusterKey): MintCapability {
  const kept = new Map<string, { readonly text: Promise<string>; readonly atMs: number }>();
  return ({ method, subject }) => {
    if (method === "PUT" || method === "DELETE")
      return mintCapability(clusterKey, { method, subject, nowMs: Date.now() });
    const name = `${method} ${subject}`;
    const known = kept.get(name);
    if (known !== undefined && performance.now() - known.atMs < RENEW_MS) return known.text;
    const text = mintCapability(clusterKey, { method, subject, nowMs: Date.now() });
    kept.set(name, { text, atMs: performance.now() });
    return text;
  };
}
