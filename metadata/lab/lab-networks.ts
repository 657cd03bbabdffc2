/**
 * The emulated networks of a lab cluster: what was asked for, and whether each node has taken its part. Kept in memory only:
 * a node that this program has not spoken to yet, or that was restarted, is first told to forget everything and then told
 * what holds now. So is a node that was away, as soon as it is alive again. After a restart of this program nothing is
 * emulated any more.
 */
import type { NodeId } from "#core/ids.ts";
import type { FetchPort } from "#wire/client/http.ts";
import { ask as request, askJson } from "#wire/client/http.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import type {
  ClearChoice,
  NetworkAsk,
  NetworksAnswer,
  NodeNetworkAnswer,
  SessionNetwork,
} from "#wire/contract/emulation-api.ts";
import {
  LAB_NETWORK_SUBJECT,
  MAX_LAB_SESSIONS,
  NodeNetworkAnswerSchema,
  partForNode,
  planFromWords,
} from "#wire/contract/emulation-api.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { PATHS, ROUTES } from "#wire/contract/paths.ts";
import type { MintCapability } from "#wire/exchange/store-chunk.ts";
import type { Log } from "#wire/server/log.ts";
import type { Member } from "../cluster/membership.ts";
import type { NodeDirectory } from "../cluster/node-directory.ts";
import type { KnownNetwork } from "./network-state.ts";
import { networkState } from "./network-state.ts";
import { resolveNetwork } from "./resolve-network.ts";

/** Looks this often for nodes that have come, or come back: a restarted node is without its network for no longer. */
const ROUND_MS = 200;
/** A node takes its part in milliseconds; one that hangs must not hold up whoever asks. */
const NODE_DEADLINE_MS = 2_000;
/** A node that refused is told again after this. */
const AGAIN_MS = 2_000;

/** Null: everybody without a network of their own. */
type SessionKey = string | null;

/** What one run of a node has been told. */
interface ToldNode {
  /** Another one means that the node was restarted. */
  readonly run: string;
  mustForget: boolean;
  /** Sessions whose network it does not know as it is. */
  readonly stale: Set<SessionKey>;
  /** What it said of the networks that it took. */
  readonly said: Map<SessionKey, NodeNetworkAnswer["access"]>;
  /** One telling at a time. */
  turn: Promise<void>;
  notBeforeMs: number;
  /** Whoever was waiting by then need not wait for the same failure again. */
  failedAtMs: number;
}

export interface LabNetworksPorts {
  readonly directory: Pick<NodeDirectory, "members">;
  readonly mint: MintCapability;
  readonly clock: Clock;
  readonly fetch: FetchPort;
  readonly log: Log;
}

export class LabNetworks {
  readonly #ports: LabNetworksPorts;
  readonly #networks = new Map<SessionKey, KnownNetwork>();
  /** Bounded as the directory's members are. */
  readonly #nodes = new Map<NodeId, ToldNode>();
  readonly #stopping = new AbortController();

  constructor(ports: LabNetworksPorts) {
    this.#ports = ports;
  }

  /**
   * Sets a session's network, and waits until every node that is alive was told.
   *
   * @throws VStackError `bad-request` for unknown names, `unavailable` without nodes, `too-many-requests` for too many sessions
   */
  async put(ask: NetworkAsk): Promise<void> {
    const { session } = ask;
    if (this.#networks.size >= MAX_LAB_SESSIONS && !this.#networks.has(session)) {
      throw new VStackError(
        "too-many-requests",
        `Cannot emulate for more than ${MAX_LAB_SESSIONS} sessions: take some networks back`,
      );
    }
    const words = resolveNetwork(ask, {
      nodeIds: this.#members().map(({ heartbeat }) => heartbeat.nodeId),
      before: this.#networks.get(session) ?? this.#networks.get(null),
      nowMs: this.#ports.clock.wallMs(),
    });
    this.#networks.set(session, { words, plan: planFromWords(words) });
    await this.#tellOf([session]);
  }

  /** Takes back a session's network, or all, and waits until every node that is alive was told. */
  async clear(choice: ClearChoice): Promise<void> {
    const sessions = choice === undefined ? [...this.#networks.keys()] : [choice];
    for (const session of sessions) this.#networks.delete(session);
    await this.#tellOf(sessions);
  }

  answer(): NetworksAnswer {
    const nowMs = this.#ports.clock.wallMs();
    const members = this.#members();
    return {
      nowMs,
      nodeIds: members.map(({ heartbeat }) => heartbeat.nodeId),
      networks: [...this.#networks].map(([session, network]) => {
        const nodes = members.map(({ heartbeat: { nodeId }, state }) => ({
          nodeId,
          access: state === "dead" ? undefined : this.#nodes.get(nodeId)?.said.get(session),
        }));
        return networkState(network, nodes, nowMs);
      }),
    };
  }

  /** Tells nodes that come, and come back, until the signal fires. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#lookAtMembers();
      const { clock } = this.#ports;
      // Nobody is waited for: a node that hangs must not keep others from being told.
      for (const member of this.#aliveMembers()) {
        const node = this.#nodes.get(member.heartbeat.nodeId);
        if (node !== undefined && hasNews(node) && node.notBeforeMs <= clock.nowMs()) {
          node.notBeforeMs = clock.nowMs() + AGAIN_MS;
          void this.#tell(member, node);
        }
      }
      await clock.sleep(ROUND_MS, signal);
    }
    this.#stopping.abort();
    await Promise.all([...this.#nodes.values()].map(({ turn }) => turn));
  }

  async #tellOf(sessions: readonly SessionKey[]): Promise<void> {
    this.#lookAtMembers();
    for (const node of this.#nodes.values()) {
      for (const session of sessions) {
        node.stale.add(session);
        node.said.delete(session);
      }
      if (node.stale.size <= 2 * MAX_LAB_SESSIONS) continue;
      // It has been away for long: one word is shorter.
      node.stale.clear();
      node.mustForget = true;
    }
    await Promise.all(
      this.#aliveMembers().map(async (member) => {
        const node = this.#nodes.get(member.heartbeat.nodeId);
        if (node !== undefined) await this.#tell(member, node);
      }),
    );
  }

  #tell(member: Member, node: ToldNode): Promise<void> {
    const { clock } = this.#ports;
    const askedAtMs = clock.nowMs();
    node.turn = node.turn.then(async () => {
      if (node.failedAtMs >= askedAtMs) return;
      try {
        await this.#tellNow(member, node);
        node.notBeforeMs = 0;
      } catch (error) {
        node.failedAtMs = clock.nowMs();
        node.notBeforeMs = node.failedAtMs + AGAIN_MS;
        if (this.#stopping.signal.aborted) return;
        this.#ports.log.warn(
          { nodeId: member.heartbeat.nodeId, err: error },
          "Cannot tell a node its emulated network: will try again",
        );
      }
    });
    return node.turn;
  }

  async #tellNow({ heartbeat }: Member, node: ToldNode): Promise<void> {
    const base = heartbeat.internalUrl.replace(/\/$/, "");
    if (node.mustForget) {
      await this.#forget(base, undefined);
      node.mustForget = false;
      node.stale.clear();
      node.said.clear();
      for (const session of this.#networks.keys()) node.stale.add(session);
    }
    for (const session of [...node.stale]) {
      const network = this.#networks.get(session);
      if (network === undefined) await this.#forget(base, session);
      else {
        const { access } = await this.#hand(base, partForNode(network.words, heartbeat.nodeId));
        node.said.set(session, access);
      }
      // It changed meanwhile: whoever changed it waits for the next turn.
      if (this.#networks.get(session) === network) node.stale.delete(session);
      else node.said.delete(session);
    }
  }

  async #hand(base: string, part: SessionNetwork): Promise<NodeNetworkAnswer> {
    return await askJson(`${base}${ROUTES.nodeLabNetwork}`, NodeNetworkAnswerSchema, {
      ...(await this.#request("PUT")),
      body: JSON.stringify(part),
    });
  }

  async #forget(base: string, choice: ClearChoice): Promise<void> {
    await request(`${base}${PATHS.clearNetwork(ROUTES.nodeLabNetwork, choice)}`, await this.#request("DELETE"));
  }

  async #request(method: "PUT" | "DELETE") {
    const { mint, fetch } = this.#ports;
    const authorization = `Bearer ${await mint({ method, subject: LAB_NETWORK_SUBJECT })}`;
    const headers = { authorization, "content-type": "application/json" };
    return { method, headers, fetch, signal: this.#stopping.signal, deadlineMs: NODE_DEADLINE_MS };
  }

  #lookAtMembers(): void {
    const members = this.#members();
    const known = new Set(members.map(({ heartbeat }) => heartbeat.nodeId));
    for (const nodeId of this.#nodes.keys()) if (!known.has(nodeId)) this.#nodes.delete(nodeId);
    for (const { heartbeat } of members) {
      const run = `${heartbeat.incarnation} ${heartbeat.pid}`;
      if (this.#nodes.get(heartbeat.nodeId)?.run === run) continue;
      const fresh = { mustForget: true, stale: new Set<SessionKey>(), said: new Map(), turn: Promise.resolve() };
      this.#nodes.set(heartbeat.nodeId, { run, ...fresh, notBeforeMs: 0, failedAtMs: -Infinity });
    }
  }

  /** As people count: n2 before n10, as "the first node" of a scenario is the first of them. */
  #members(): Member[] {
    const order = new Intl.Collator("en", { numeric: true });
    return this.#ports.directory.members().sort((a, b) => order.compare(a.heartbeat.nodeId, b.heartbeat.nodeId));
  }

  #aliveMembers(): Member[] {
    return this.#members().filter(({ state }) => state === "alive");
  }
}

function hasNews({ mustForget, stale }: ToldNode): boolean {
  return mustForget || stale.size > 0;
}
