/**
 * The networks that this node emulates for the sessions that read from it. A session has its own network, or the one for
 * everybody; each gets the whole of it, so that two players side by side see the same.
 */
import type { NetworkPlan } from "#core/network/conditions.ts";
import { pathPhases } from "#core/network/path-phases.ts";
import { UNLIMITED_BYTES_PER_SECOND } from "#core/network/rate-curve.ts";
import { seededRandom } from "#core/random.ts";
import type { NodeId } from "#core/ids.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import type { Pace } from "#wire/contract/byte-log-api.ts";
import type { ClearChoice, NodeNetworkAnswer, Rate, SessionNetwork } from "#wire/contract/emulation-api.ts";
import { MAX_LAB_SESSIONS, planFromWords } from "#wire/contract/emulation-api.ts";
import { VStackError } from "#wire/contract/errors.ts";
import type { AccessLedger } from "./access-link.ts";
import type { PathPlan } from "./session-path.ts";
import { SessionPath } from "./session-path.ts";

/**
 * Requests that wait for their first byte: with six connections each, 64 sessions have fewer. Bodies are bounded by the
 * memory for pieces (nodes/node-app.ts).
 */
const MAX_WAITING = 512;
/** How often a request that found the node hanging looks whether it still does. */
const HANG_POLL_MS = 20;
/** What asks without a session shares the network for everybody. */
export const NO_SESSION = "";

export interface LabNetworksPorts {
  readonly nodeId: NodeId;
  readonly clock: Clock;
  /** Undefined when nobody keeps one: then access links are not emulated. */
  readonly ledger: AccessLedger | undefined;
}

interface KnownNetwork {
  readonly words: SessionNetwork;
  readonly plan: NetworkPlan;
}

/** What becomes of a request that came by an emulated path. */
export type Arrival =
  /** The node answers. `readyAtMs`: when the first byte was due, monotonic. */
  | { readonly fate: "answered"; readonly path: SessionPath; readonly socket: object; readonly readyAtMs: number }
  /** The connection is to be cut without a word. */
  | { readonly fate: "refused" };

export class LabNetworks {
  readonly #ports: LabNetworksPorts;
  readonly #networks = new Map<string | null, KnownNetwork>();
  /** By the session of the requests; the empty name stands for those without one. */
  readonly #paths = new Map<string, SessionPath>();
  #waitingCount = 0;

  constructor(ports: LabNetworksPorts) {
    this.#ports = ports;
  }

  /** @throws VStackError `too-many-requests` when too many sessions have one */
  put(words: SessionNetwork): NodeNetworkAnswer {
    const { session } = words;
    if (this.#networks.size >= MAX_LAB_SESSIONS && !this.#networks.has(session)) {
      throw new VStackError("too-many-requests", `Cannot emulate for more than ${MAX_LAB_SESSIONS} sessions`);
    }
    this.#networks.set(session, { words, plan: planFromWords(words) });
    this.#refreshPaths();
    const access = isUnlimited(words.access) ? "unlimited" : this.#hasLedger ? "emulated" : "not-emulated";
    return { nodeId: this.#ports.nodeId, session, access };
  }

  clear(session: ClearChoice): void {
    if (session === undefined) this.#networks.clear();
    else this.#networks.delete(session);
    this.#refreshPaths();
  }

  /**
   * Holds a request for as long as its path does. Undefined when nothing is emulated for the session.
   *
   * @param gone fires when the asker goes away: then the wait ends early
   * @throws VStackError `unavailable` when the path's fault is that, `too-many-requests` above what one node emulates
   */
  async arrive(session: string, socket: object, gone: AbortSignal): Promise<Arrival | undefined> {
    const path = this.#pathOf(session);
    if (path === undefined) return undefined;
    this.#mustHaveRoom();
    const { clock } = this.#ports;
    this.#waitingCount += 1;
    path.waitingCount += 1;
    try {
      const { roundTripMs, fault } = path.conditions();
      if (fault?.kind === "refuse") {
        await clock.sleep(roundTripMs, gone);
        return { fate: "refused" };
      }
      const { isNew } = path.connectionOf(socket);
      const delayMs = path.firstByteDelayMs(isNew);
      let readyAtMs = clock.nowMs() + delayMs;
      await clock.sleep(delayMs, gone);
      while (path.conditions().fault?.kind === "hang" && !gone.aborted) {
        await clock.sleep(HANG_POLL_MS, gone);
        readyAtMs = clock.nowMs();
      }
      const faultNow = path.conditions().fault?.kind;
      if (faultNow === "refuse") return { fate: "refused" };
      if (faultNow === "unavailable" || path.fails()) {
        throw notAvailable();
      }
      return { fate: "answered", path, socket, readyAtMs };
    } finally {
      this.#waitingCount -= 1;
      path.waitingCount -= 1;
      path.lastUsedMs = clock.nowMs();
    }
  }

  /**
   * Holds a request that belongs to no session while the node hangs for everybody. Latency and rates are nothing to it.
   *
   * @param gone fires when the asker goes away: then it counts as refused, as nobody may take its effect for an answer
   * @throws VStackError as {@link arrive}
   */
  async passFaults(gone: AbortSignal): Promise<"answered" | "refused"> {
    const path = this.#pathOf(NO_SESSION);
    const isHanging = () => path?.conditions().fault?.kind === "hang";
    if (path !== undefined && isHanging()) {
      this.#mustHaveRoom();
      this.#waitingCount += 1;
      path.waitingCount += 1;
      while (isHanging() && !gone.aborted) await this.#ports.clock.sleep(HANG_POLL_MS, gone);
      this.#waitingCount -= 1;
      path.waitingCount -= 1;
    }
    const fault = path?.conditions().fault?.kind;
    if (fault === "unavailable") throw notAvailable();
    return fault === "refuse" || gone.aborted ? "refused" : "answered";
  }

  /** How well the session's path kept time; null when nothing was emulated for it. */
  paceOf(session: string): Pace | null {
    return this.#paths.get(session)?.pace() ?? null;
  }

  #mustHaveRoom(): void {
    if (this.#waitingCount < MAX_WAITING) return;
    throw new VStackError("too-many-requests", `Cannot emulate as ${MAX_WAITING} other requests wait already`);
  }

  get #hasLedger(): boolean {
    return this.#ports.ledger !== undefined;
  }

  #pathOf(session: string): SessionPath | undefined {
    const known = this.#paths.get(session);
    if (known !== undefined) return known;
    const network = this.#networkFor(session);
    const plan = network === undefined ? undefined : this.#pathPlan(network);
    if (network === undefined || plan === undefined) return undefined;
    this.#makeRoom();
    const { nodeId, clock, ledger } = this.#ports;
    const random = seededRandom(network.words.seed ^ hashOf(`${nodeId} ${session}`));
    const path = new SessionPath(session, plan, { clock, random, ledger });
    path.lastUsedMs = clock.nowMs();
    this.#paths.set(session, path);
    return path;
  }

  #networkFor(session: string): KnownNetwork | undefined {
    return this.#networks.get(session) ?? this.#networks.get(null);
  }

  /** Undefined when the network says nothing about this node. */
  #pathPlan({ words, plan }: KnownNetwork): PathPlan | undefined {
    const phases = pathPhases(plan, this.#ports.nodeId);
    if (phases === undefined) return undefined;
    const access = isUnlimited(words.access) || !this.#hasLedger ? null : words.access;
    return { phases, startedAtMs: words.startedAtMs, access };
  }

  #refreshPaths(): void {
    for (const [session, path] of this.#paths) {
      const network = this.#networkFor(session);
      const plan = network === undefined ? undefined : this.#pathPlan(network);
      if (plan !== undefined) path.replace(plan);
      else {
        path.free();
        this.#paths.delete(session);
      }
    }
  }

  /** Sessions come and go without a word: the one unused for longest makes room. */
  #makeRoom(): void {
    if (this.#paths.size < MAX_LAB_SESSIONS) return;
    const idle = [...this.#paths].filter(([, path]) => path.isIdle);
    const [oldest] = idle.sort(([, a], [, b]) => a.lastUsedMs - b.lastUsedMs);
    if (oldest === undefined) {
      throw new VStackError("too-many-requests", `Cannot emulate for more than ${MAX_LAB_SESSIONS} sessions at once`);
    }
    oldest[1].free();
    this.#paths.delete(oldest[0]);
  }
}

function notAvailable(): VStackError {
  return new VStackError("unavailable", "Cannot answer as the emulated node is not available");
}

function isUnlimited(rate: Rate): boolean {
  return typeof rate === "number" && rate >= UNLIMITED_BYTES_PER_SECOND;
}

/** FNV-1a, 32 bits: makes one seed many. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return hash;
}
