/**
 * The rules of agreement, checked on what a page hears of the real cluster's proposer. It sees one side: what that proposer
 * sent and was told, not the acceptors' disks, so it can find a broken promise and cannot prove that there is none.
 */
import type { Ballot } from "#core/consensus/ballot.ts";
import type { InvariantName, Violation } from "#core/simulation/consensus/events.ts";
import type { LiveEvent } from "#wire/contract/consensus-live-api.ts";

/** Proposals that a page keeps to be looked at. */
const MAX_PROPOSALS = 60;
/** Events of one proposal that are kept; an ordinary one has a dozen. */
const MAX_EVENTS = 400;
/** Positions whose versions are remembered for the comparison. */
const MAX_KEYS = 5000;

/** What live events can be checked for, of all that the simulator checks. */
export const LIVE_INVARIANTS = [
  "acknowledged-is-durable",
  "one-value-per-ballot",
  "agreement",
  "linearizable",
] as const satisfies readonly InvariantName[];

export interface LiveProposal {
  readonly proposal: number;
  readonly key: string;
  readonly quorum: number;
  readonly beganMs: number;
  readonly events: readonly LiveEvent[];
  /** Null while it goes on. */
  readonly outcome: string | null;
  readonly tookMs: number | null;
}

interface Following {
  shown: LiveProposal;
  /** Newest version that anybody was told of before it began. */
  readonly floorVersion: number;
}

interface Known {
  readonly idByVersion: Map<number, string>;
  toldVersion: number;
}

export class LiveCheck {
  /** Newest first. */
  #proposals: Following[] = [];
  #violations: readonly Violation[] = [];
  /** Outcomes that were checked. */
  #checked = 0;
  readonly #keys = new Map<string, Known>();
  readonly #offered = new Map<string, string>();

  get proposals(): readonly LiveProposal[] {
    return this.#proposals.map(({ shown }) => shown);
  }

  get violations(): readonly Violation[] {
    return this.#violations;
  }

  get checked(): number {
    return this.#checked;
  }

  take(event: LiveEvent): void {
    const following = this.#proposals.find(({ shown }) => shown.proposal === event.proposal) ?? this.#begin(event);
    const { shown } = following;
    const isOver = event.kind === "finish";
    following.shown = {
      ...shown,
      events: shown.events.length < MAX_EVENTS ? [...shown.events, event] : shown.events,
      ...(isOver ? { outcome: event.what ?? "unknown", tookMs: event.atMs - shown.beganMs } : {}),
    };
    if (event.kind === "send" && event.what === "accept") this.#checkOffer(event);
    if (isOver) this.#checkOutcome(event, following);
  }

  /** The server left events out: what is under way will not be seen to its end. */
  cut(): void {
    this.#proposals = this.#proposals.filter(({ shown }) => shown.outcome !== null);
  }

  #begin({ proposal, key, quorum, atMs }: LiveEvent): Following {
    const shown = { proposal, key, quorum, beganMs: atMs, events: [], outcome: null, tookMs: null };
    const following = { shown, floorVersion: this.#known(key).toldVersion };
    this.#proposals = [following, ...this.#proposals].slice(0, MAX_PROPOSALS);
    return following;
  }

  #checkOffer({ key, ballot, valueId }: LiveEvent): void {
    if (ballot === null || valueId === null) return;
    const name = `${key} ${ballot.epoch}.${ballot.round}.${ballot.proposer}`;
    const other = this.#offered.get(name);
    if (other !== undefined && other !== valueId) {
      this.#break("one-value-per-ballot", key, `${other} and ${valueId} were both offered in ${roundText(ballot)}`);
    }
    this.#offered.set(name, valueId);
    forgetOldest(this.#offered);
  }

  #checkOutcome({ key, what, valueId, version }: LiveEvent, { shown, floorVersion }: Following): void {
    if (what === "unknown") return;
    this.#checked += 1;
    const backing = backersOf(shown.events, valueId);
    if (backing < shown.quorum) {
      const said = valueId === null ? "that nothing stands" : valueId;
      this.#break("acknowledged-is-durable", key, `${backing} of ${shown.quorum} acceptors had said ${said}`);
    }
    const known = this.#known(key);
    if ((version ?? 0) < floorVersion) {
      this.#break("linearizable", key, `Version ${version ?? 0} was told after version ${floorVersion}`);
    }
    if (valueId === null || version === null) return;
    const before = known.idByVersion.get(version);
    if (before !== undefined && before !== valueId) {
      this.#break("agreement", key, `Version ${version} is ${before}, and ${valueId} as well`);
    }
    known.idByVersion.set(version, valueId);
    forgetOldest(known.idByVersion);
    known.toldVersion = Math.max(known.toldVersion, version);
  }

  #known(key: string): Known {
    const known = this.#keys.get(key) ?? { idByVersion: new Map<number, string>(), toldVersion: 0 };
    this.#keys.set(key, known);
    forgetOldest(this.#keys);
    return known;
  }

  #break(invariant: InvariantName, key: string, text: string): void {
    this.#violations = [{ invariant, key, text }, ...this.#violations].slice(0, MAX_PROPOSALS);
  }
}

/**
 * Acceptors that said so in the last turn: that they accepted the value (after a flush, as the acceptor promises), that they
 * have it, or that nothing was accepted.
 */
function backersOf(events: readonly LiveEvent[], valueId: string | null): number {
  const turn = Math.max(0, ...events.map((event) => event.turn));
  const backers = new Set<string>();
  for (const { kind, turn: of, what, nodeId, valueId: said } of events) {
    if (kind !== "reply" || of !== turn || nodeId === null || said !== valueId) continue;
    if (what === "accepted" || what === "state" || (what === "promised" && valueId === null)) backers.add(nodeId);
  }
  return backers.size;
}

function forgetOldest(known: Map<unknown, unknown>): void {
  const [oldest] = known.keys();
  if (known.size > MAX_KEYS) known.delete(oldest);
}

function roundText({ epoch, round }: Ballot): string {
  return `${epoch}.${round}`;
}
