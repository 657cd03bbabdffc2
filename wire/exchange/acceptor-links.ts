/**
 * The ways from a proposer to its acceptors. What several proposals have to say to one acceptor in one turn becomes one
 * message, and while messages are under way, what comes meanwhile becomes the next: a whole video is a message or two to each.
 */
import type { GroupConfig, Member } from "#core/consensus/group.ts";
import type { Entry, Refusal, Reply } from "#core/consensus/messages.ts";
import type { ChunkRecord } from "#core/placement/record.ts";
import type { AcceptorTarget, Asking, StreamPort } from "#wire/client/acceptor-client.ts";
import { askEntries } from "#wire/client/acceptor-client.ts";
import type { FetchPort } from "#wire/client/http.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import { MAX_ENTRIES } from "#wire/contract/consensus-api.ts";

/** A vote is a round trip and a flush. Whoever needs longer hangs: the majority decides without it. */
const MESSAGE_DEADLINE_MS = 1000;
/** Messages under way to one acceptor: enough to hide a round trip, few enough to make batches. */
const MAX_IN_FLIGHT = 2;
/** Entries that wait for one acceptor; what comes then counts as lost. Two long videos at once. */
const MAX_WAITING = 8192;
/** A question that nobody waits for may wait for others so long: chunks of a video follow each other faster. */
const LINGER_MS = 20;
/** After a lost message an acceptor is doubtful for so long, unless it answers before: membership knows by then. */
const DOUBT_MS = 5000;

export type AcceptorAnswer =
  | { readonly saw: "reply"; readonly reply: Reply<ChunkRecord> }
  | { readonly saw: "refusal"; readonly refusal: Refusal }
  | { readonly saw: "lost" };

export interface Question {
  readonly config: GroupConfig;
  readonly entry: Entry<ChunkRecord>;
  /** Capability OWN that an Accept of round 0 needs. */
  readonly grant: string | null;
  /** The answer is wanted, and hardly needed: others decide without it. It may wait for a fuller message. */
  readonly isPatient?: boolean;
}

/** One message, for figures. */
export interface MessageReport {
  readonly nodeId: string;
  readonly entries: number;
  readonly isLost: boolean;
  readonly durationMs: number;
}

export interface AcceptorLinks {
  /** Never rejects. */
  ask(to: Member, question: Question): Promise<AcceptorAnswer>;
  /** Sends what waits patiently, as it is needed after all. */
  hurry(): void;
  /** Tells of an answer, or the want of one, that went another way (with a PUT). */
  heard(nodeId: string, isLost: boolean): void;
  /** Whether the last thing heard of a node was nothing. */
  isDoubtful(nodeId: string): boolean;
}

export interface AcceptorLinksPorts {
  /** Where a node is reached now; undefined when it is not known. */
  readonly targetOf: (nodeId: string) => AcceptorTarget | undefined;
  readonly mint: Asking["mint"];
  readonly clock: Clock;
  readonly fetch: FetchPort;
  /** Streams that are kept to the acceptors, where the platform has them. */
  readonly stream?: StreamPort;
  /** Runs something when this turn of the event loop has ended, before any timer: `setImmediate` where there is one. */
  readonly atEndOfTurn: (run: () => void) => void;
  /** Ends everything. */
  readonly signal: AbortSignal;
  readonly report?: (message: MessageReport) => void;
}

interface Waiting {
  readonly to: Member;
  readonly question: Question;
  readonly answer: (answer: AcceptorAnswer) => void;
}

interface Link {
  waiting: Waiting[];
  inFlight: number;
  /** A turn is being collected: what waits is sent at its end. */
  isCollecting: boolean;
  /** Ends the patience of what waits; null when nothing waits patiently. */
  lingering: AbortController | null;
  lostAtMs: number | null;
}

const LOST: AcceptorAnswer = { saw: "lost" };

export function acceptorLinks(ports: AcceptorLinksPorts): AcceptorLinks {
  const links = new Map<string, Link>();
  const linkTo = (nodeId: string): Link => {
    const known = links.get(nodeId);
    if (known !== undefined) return known;
    const link: Link = { waiting: [], inFlight: 0, isCollecting: false, lingering: null, lostAtMs: null };
    links.set(nodeId, link);
    return link;
  };
  const heard = (nodeId: string, isLost: boolean) => {
    linkTo(nodeId).lostAtMs = isLost ? ports.clock.nowMs() : null;
  };
  const collect = (link: Link) => {
    if (link.isCollecting) return;
    link.isCollecting = true;
    ports.atEndOfTurn(() => {
      link.isCollecting = false;
      sendWaiting(link);
    });
  };
  const linger = (link: Link) => {
    if (link.lingering !== null) return;
    const lingering = new AbortController();
    link.lingering = lingering;
    void ports.clock.sleep(LINGER_MS, lingering.signal).then(() => {
      link.lingering = null;
      sendWaiting(link);
    });
  };
  const sendWaiting = (link: Link) => {
    while (link.inFlight < MAX_IN_FLIGHT && link.waiting.length > 0) {
      const batch = takeBatch(link);
      link.inFlight += 1;
      void sendBatch(batch, ports).then((isLost) => {
        link.inFlight -= 1;
        heard(batch[0].to.nodeId, isLost);
        sendWaiting(link);
      });
    }
  };
  return {
    ask: (to, question) =>
      new Promise((answer) => {
        const link = linkTo(to.nodeId);
        if (link.waiting.length >= MAX_WAITING) {
          answer(LOST);
          return;
        }
        link.waiting.push({ to, question, answer });
        if (question.isPatient === true) linger(link);
        else collect(link);
      }),
    hurry() {
      for (const { lingering } of links.values()) lingering?.abort();
    },
    heard,
    isDoubtful(nodeId) {
      const lostAtMs = links.get(nodeId)?.lostAtMs ?? null;
      return lostAtMs !== null && ports.clock.nowMs() - lostAtMs < DOUBT_MS;
    },
  };
}

type Batch = readonly [Waiting, ...Waiting[]];

/** The oldest question and what can go with it: the same acceptor in the same epoch, each key once. */
function takeBatch(link: Link): Batch {
  const [first, ...rest] = link.waiting;
  if (first === undefined) throw new RangeError("Cannot make a message as nothing waits");
  const batch: [Waiting, ...Waiting[]] = [first];
  const keys = new Set([first.question.entry.key]);
  const left: Waiting[] = [];
  for (const one of rest) {
    const fits = batch.length < MAX_ENTRIES && isOneMessage(one, first) && !keys.has(one.question.entry.key);
    if (fits) batch.push(one);
    else left.push(one);
    keys.add(one.question.entry.key);
  }
  link.waiting = left;
  return batch;
}

function isOneMessage(a: Waiting, b: Waiting): boolean {
  const { group, epoch } = b.question.config;
  const isSameEpoch = a.question.config.group === group && a.question.config.epoch === epoch;
  return isSameEpoch && a.to.incarnation === b.to.incarnation;
}

/** @returns whether no answer came */
async function sendBatch(batch: Batch, ports: AcceptorLinksPorts): Promise<boolean> {
  const { clock, fetch, mint, signal, stream } = ports;
  const [{ to, question }] = batch;
  const startedMs = clock.nowMs();
  const grants = new Set(batch.flatMap(({ question: { grant } }) => (grant === null ? [] : [grant])));
  let isLost = false;
  try {
    const target = ports.targetOf(to.nodeId);
    if (target === undefined) throw new RangeError(`Node "${to.nodeId}" is not known`);
    const entries = batch.map((one) => one.question.entry);
    const request = { config: question.config, incarnation: to.incarnation, entries, grants: [...grants] };
    const asking = {
      mint,
      fetch,
      signal,
      deadlineMs: MESSAGE_DEADLINE_MS,
      ...(stream === undefined ? {} : { stream }),
    };
    const answer = await askEntries(target, request, asking);
    for (const [at, waiting] of batch.entries()) {
      if (answer.say !== "answered") waiting.answer({ saw: "refusal", refusal: answer });
      else {
        const reply = answer.replies[at];
        waiting.answer(reply === undefined ? LOST : { saw: "reply", reply });
      }
    }
  } catch {
    // Whatever it was, nobody knows what the acceptor did: that is what "lost" means.
    isLost = true;
    for (const waiting of batch) waiting.answer(LOST);
  }
  ports.report?.({ nodeId: to.nodeId, entries: batch.length, isLost, durationMs: clock.nowMs() - startedMs });
  return isLost;
}
