/** Our side: storage nodes as processes, asked by the proposer that the metadata server has. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { GroupConfig } from "#core/consensus/group.ts";
import type { NodeId } from "#core/ids.ts";
import { parseNodeId } from "#core/ids.ts";
import { positionText } from "#core/placement/position.ts";
import type { AcceptorTarget } from "#wire/client/acceptor-client.ts";
import { askEntries, askGroups } from "#wire/client/acceptor-client.ts";
import { importClusterKey, mintCapability } from "#wire/client/capability.ts";
import type { FetchPort } from "#wire/client/http.ts";
import { liveClock, liveRandom } from "#wire/client/live-clock.ts";
import { grantSubject, MAX_CONSENSUS_BYTES } from "#wire/contract/consensus-api.ts";
import { VStackError } from "#wire/contract/errors.ts";
import type { AcceptorLinks } from "#wire/exchange/acceptor-links.ts";
import { acceptorLinks } from "#wire/exchange/acceptor-links.ts";
import type { Ownership, RecordDecider } from "#wire/exchange/decide-record.ts";
import { recordDecider } from "#wire/exchange/decide-record.ts";
import { messageStreams } from "#wire/server/message-streams.ts";
import type { RoleProcess } from "../../processes.ts";
import { startRole, stopRoles } from "../../processes.ts";
import type { Links } from "../links/start-links.ts";
import { freePorts } from "./free-port.ts";
import type { RegisterSide } from "./register-side.ts";

const KEY_BYTES = 32;
/** Capabilities of one subject are signed once in so long, as the metadata server does. */
const RENEW_MS = 60_000;

export interface AcceptorSideOptions {
  readonly count: number;
  readonly folder: string;
  /** Injected; 0: no links, clients connect to the servers. */
  readonly roundTripMs: number;
  readonly links: Links | null;
  readonly fetch: FetchPort;
  readonly signal: AbortSignal;
}

type Mint = (grant: { readonly method: "VOTE" | "OWN"; readonly subject: string }) => Promise<string>;

interface Acceptor {
  readonly target: AcceptorTarget;
  readonly start: () => Promise<RoleProcess>;
  process: RoleProcess;
}

export async function startAcceptorSide(options: AcceptorSideOptions): Promise<RegisterSide> {
  const keyText = Buffer.from(crypto.getRandomValues(new Uint8Array(KEY_BYTES))).toString("base64");
  const clusterKey = await importClusterKey(keyText);
  const mint = rememberedMint(({ method, subject }) =>
    mintCapability(clusterKey, { method, subject, nowMs: liveClock.wallMs() }),
  );
  const ports = await freePorts(options.count);
  const acceptors = await Promise.all(ports.map((port, at) => startAcceptor(`n${at + 1}`, port, keyText, options)));
  const targets = acceptors.map(({ target }) => target);
  const members = await Promise.all(
    targets.map(async (target) => {
      const asking = { mint, fetch: options.fetch, signal: options.signal };
      return { nodeId: target.nodeId, incarnation: (await askGroups(target, asking)).incarnation };
    }),
  );
  const deciders = decidersOver({ targets, mint, members, signal: options.signal, fetch: options.fetch });
  let kills = 0;
  return {
    name: "chunkpaxos",
    async create(registers, bundling, signal) {
      const decisions = await Promise.all(
        registers.map(({ position, value }) => {
          const { id, body } = value;
          if (body === null) throw new VStackError("internal", "Cannot make a register without a record");
          return deciders[bundling].decide({ position, change: { change: "create", id, body } }, signal);
        }),
      );
      const wrong = decisions.find(({ outcome }) => outcome.outcome !== "chosen");
      if (wrong !== undefined) throw new VStackError("unavailable", `Cannot create: ${wrong.outcome.outcome}`);
    },
    async killOne() {
      const acceptor = acceptors[kills % acceptors.length];
      if (acceptor === undefined) throw new VStackError("internal", "No acceptor to kill");
      kills += 1;
      acceptor.process.child.kill("SIGKILL");
      await acceptor.process.ended;
      return {
        restart: async () => {
          acceptor.process = await acceptor.start();
        },
      };
    },
    stop: () => stopRoles(acceptors.map((acceptor) => acceptor.process)),
  };
}

async function startAcceptor(
  name: string,
  port: number,
  keyText: string,
  { folder, roundTripMs, links }: AcceptorSideOptions,
): Promise<Acceptor> {
  const data = join(folder, name);
  await mkdir(data, { recursive: true });
  const start = () =>
    startRole("node", name, {
      ...{ VSTACK_NODE_ID: name, VSTACK_PORT: String(port), VSTACK_DATA: data },
      ...{ VSTACK_CLUSTER_KEY: keyText, VSTACK_LOG_LEVEL: "error" },
    });
  const url = links === null ? `http://127.0.0.1:${port}` : (await links.open(port, roundTripMs / 2)).url;
  const process = await start();
  return { target: { nodeId: nodeIdOf(name), url }, start, process };
}

function nodeIdOf(name: string): NodeId {
  const nodeId = parseNodeId(name);
  if (nodeId === undefined) throw new VStackError("internal", `"${name}" is no name of a node`);
  return nodeId;
}

interface Proposing {
  readonly targets: readonly AcceptorTarget[];
  readonly members: GroupConfig["members"];
  readonly mint: Mint;
  readonly fetch: FetchPort;
  readonly signal: AbortSignal;
}

/** The proposer as it is, and one that sends a message for every register. */
function decidersOver({
  targets,
  members,
  mint,
  fetch,
  signal,
}: Proposing): Record<"single" | "bundled", RecordDecider> {
  const proposer = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("hex");
  const targetOf = (name: string) => targets.find(({ nodeId }) => nodeId === name);
  const groups = { current: (group: number) => Promise.resolve({ group, epoch: 1, members }) };
  const stream = messageStreams({ nowMs: () => liveClock.nowMs(), maxBytes: MAX_CONSENSUS_BYTES, signal });
  const ways = { targetOf, mint, fetch, stream, signal };
  const bundled = acceptorLinks({ ...ways, clock: liveClock, atEndOfTurn: setImmediate });
  const single: AcceptorLinks = {
    ...bundled,
    async ask(to, { config, entry, grant }) {
      const target = targetOf(to.nodeId);
      if (target === undefined) return { saw: "lost" };
      const request = { config, incarnation: to.incarnation, entries: [entry], grants: grant === null ? [] : [grant] };
      try {
        const answer = await askEntries(target, request, ways);
        if (answer.say !== "answered") return { saw: "refusal", refusal: answer };
        const [reply] = answer.replies;
        return reply === undefined ? { saw: "lost" } : { saw: "reply", reply };
      } catch {
        return { saw: "lost" };
      }
    },
  };
  const ports = { groups, ownership: ownershipOf(proposer, mint), proposer, random: liveRandom, clock: liveClock };
  return { single: recordDecider({ ...ports, links: single }), bundled: recordDecider({ ...ports, links: bundled }) };
}

/** All registers are new, so this proposer owns them, each once. */
function ownershipOf(proposer: string, mint: Mint): Ownership {
  const used = new Set<string>();
  const grant = (videoId: string, epoch: number) =>
    mint({ method: "OWN", subject: grantSubject(videoId, epoch, proposer) });
  return {
    async take(position, { epoch }) {
      const key = positionText(position);
      if (used.has(key)) return null;
      used.add(key);
      return await grant(position.videoId, epoch);
    },
    renew: (videoId, { epoch }) => grant(videoId, epoch),
  };
}

function rememberedMint(mint: Mint): Mint {
  const kept = new Map<string, { readonly text: Promise<string>; readonly signedMs: number }>();
  return (grant) => {
    const name = `${grant.method} ${grant.subject}`;
    const known = kept.get(name);
    if (known !== undefined && liveClock.nowMs() - known.signedMs < RENEW_MS) return known.text;
    const text = mint(grant);
    kept.set(name, { text, signedMs: liveClock.nowMs() });
    return text;
  };
}
