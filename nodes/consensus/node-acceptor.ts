/**
 * The acceptor of this node: core/consensus/acceptor.ts with a memory on disk. Requests are decided in the order in which
 * they come, each in one step; no answer leaves before everything that it may rest on is flushed.
 *
 * A memory that is missing, or damaged where something acknowledged may have stood, is another acceptor: it has a new
 * incarnation, and votes where an epoch names that. The same when the metadata server knows that the disk was put back; until
 * it has said that it was not, a node that was started does not vote.
 */
import { randomBytes } from "node:crypto";
import type { Answered, Write } from "#core/consensus/acceptor.ts";
import { answerEntries, answerSeal } from "#core/consensus/acceptor.ts";
import type { EntriesAnswer, EntriesRequest, SealAnswer, SealRequest } from "#core/consensus/messages.ts";
import type { AcceptorReport } from "#core/consensus/put-back.ts";
import { SOUND } from "#core/consensus/rules.ts";
import type { ChunkRecord } from "#core/placement/record.ts";
import type { GroupsAnswerSchema, StatesAnswerSchema } from "#wire/contract/consensus-api.ts";
import { grantSubject, MAX_ENTRIES } from "#wire/contract/consensus-api.ts";
import type { HeartbeatAnswer } from "#wire/contract/cluster-api.ts";
import { VStackError } from "#wire/contract/errors.ts";
import type { Log } from "#wire/server/log.ts";
import type { InferOutput } from "valibot";
import type { FileSystem } from "../storage/file-system.ts";
import { Journal } from "../storage/journal.ts";
import type { VoteChange } from "./vote-lines.ts";
import { VOTE_LINES } from "./vote-lines.ts";
import { VoteMemory } from "./vote-memory.ts";

const FILE_NAME = "acceptor.log";

/** What was asked and decided: for metrics, and to be told again by core/consensus/acceptor.ts with the same result. */
export type AcceptorStep =
  | {
      readonly asked: "entries";
      readonly request: EntriesRequest<ChunkRecord>;
      /** Subjects of the grants that were good. */
      readonly granted: ReadonlySet<string>;
      readonly answer: EntriesAnswer<ChunkRecord>;
    }
  | { readonly asked: "seal"; readonly request: SealRequest; readonly answer: SealAnswer<ChunkRecord> };

export interface AcceptorOpening {
  readonly fileSystem: FileSystem;
  /** An existing folder that this process alone uses. */
  readonly folder: string;
  /** Whether somebody will say that the disk was not put back; without a metadata server nobody does. */
  readonly waitsForVerdict: boolean;
  readonly log: Log;
  /** Told of each step when it is decided, before it is durable. */
  readonly observe?: (step: AcceptorStep) => void;
  /** Tests compact earlier. */
  readonly minCompactionLines?: number;
}

export class NodeAcceptor {
  readonly #log: Log;
  readonly #memory: VoteMemory;
  readonly #journal: Journal<VoteChange>;
  readonly #observe: (step: AcceptorStep) => void;
  readonly #program = newToken();
  #mayVote: boolean;

  private constructor(opening: AcceptorOpening, memory: VoteMemory, journal: Journal<VoteChange>) {
    this.#log = opening.log;
    this.#memory = memory;
    this.#journal = journal;
    this.#observe = opening.observe ?? (() => {});
    this.#mayVote = !opening.waitsForVerdict;
  }

  /** Opens the acceptor in a folder, a new one where there is none. */
  static async open(opening: AcceptorOpening): Promise<NodeAcceptor> {
    const { log } = opening;
    const memory = new VoteMemory(newToken());
    const startOver = (damagedLines: number) => {
      const { incarnation } = memory;
      memory.startAnew(newToken());
      const which = { damagedLines, incarnation, next: memory.incarnation };
      log.error(which, "Cannot read some votes: this acceptor is no more, and another one begins");
    };
    const file = { fileName: FILE_NAME, format: VOTE_LINES, state: memory, onDamage: startOver };
    const journal = await Journal.open({ ...opening, ...file });
    if (memory.identity.starts === 0 && memory.changeCount() > 1) {
      // Votes, and nobody who gave them: what names the acceptor was behind the place where the file ends.
      startOver(0);
      await journal.rewrite();
    }
    await journal.append(memory.nextStart());
    const { incarnation, starts } = memory.identity;
    log.info({ incarnation, starts, keys: memory.keyCount }, "opened the acceptor");
    return new NodeAcceptor(opening, memory, journal);
  }

  get incarnation(): string {
    return this.#memory.incarnation;
  }

  /** Keys that it remembers, promised ones included. */
  get keyCount(): number {
    return this.#memory.keyCount;
  }

  /** For the heartbeat. */
  report(): AcceptorReport {
    return { ...this.#memory.identity, program: this.#program };
  }

  /**
   * Votes.
   *
   * @param granted subjects of the request's good grants
   * @throws VStackError `not-ready` before the verdict, `too-many-requests` when the disk does not keep up, `storage-full` or
   *   `unavailable` when it fails: then the votes may have been given or not
   */
  entries(request: EntriesRequest<ChunkRecord>, granted: ReadonlySet<string>): Promise<EntriesAnswer<ChunkRecord>> {
    return this.#decide(() => {
      const decided = answerEntries(request, this.#memory, { rules: SOUND, isGranted: grantedBy(granted) });
      this.#observe({ asked: "entries", request, granted, answer: decided.answer });
      this.#sayWhoCheats(request, decided.answer);
      return decided;
    });
  }

  /** Seals a group; fails as {@link entries}. */
  seal(request: SealRequest): Promise<SealAnswer<ChunkRecord>> {
    return this.#decide(() => {
      const decided = answerSeal(request, this.#memory, SOUND);
      this.#observe({ asked: "seal", request, answer: decided.answer });
      return decided;
    });
  }

  /** Every group that it was told of; fails as {@link entries}, but needs no verdict. */
  async groups(): Promise<Omit<InferOutput<typeof GroupsAnswerSchema>, "nodeId">> {
    const memory = this.#memory;
    const groups = memory.groups().flatMap((group) => {
      const known = memory.group(group);
      return known === undefined ? [] : [{ group, ...known, keyCount: memory.valueCount(group) }];
    });
    const { incarnation } = memory;
    await this.#journal.append();
    return { incarnation, groups };
  }

  /** A page of the values of a group, of {@link MAX_ENTRIES} keys behind `after`; fails as {@link groups}. */
  async states(group: number, after: string): Promise<InferOutput<typeof StatesAnswerSchema>> {
    const states = this.#memory.accepted(group, after, MAX_ENTRIES + 1);
    await this.#journal.append();
    return { states: states.slice(0, MAX_ENTRIES), isLast: states.length <= MAX_ENTRIES };
  }

  /** What a heartbeat was answered. Returns when this acceptor votes, or another one has begun in its place. */
  async hear(verdict: HeartbeatAnswer["acceptor"]): Promise<void> {
    if (verdict === "ok") {
      this.#mayVote = true;
      return;
    }
    this.#mayVote = false;
    // Who was promised an answer gets an error instead: nothing that this acceptor says counts any more.
    await this.#journal.append().catch(() => {});
    const { incarnation } = this.#memory;
    this.#memory.startAnew(newToken());
    this.#log.error({ incarnation, next: this.#memory.incarnation }, "The disk was put back: another acceptor begins");
    try {
      await this.#journal.rewrite();
      await this.#journal.append(this.#memory.nextStart());
    } catch (error) {
      this.#log.error({ err: error }, "Cannot write the new acceptor: it votes when the disk takes it");
    }
  }

  /** Lets what was decided become durable, and refuses the rest. */
  close(): Promise<void> {
    return this.#journal.close();
  }

  async #decide<Answer>(compute: () => Answered<ChunkRecord, Answer>): Promise<Answer> {
    this.#mustVote();
    if (this.#journal.isBusy) {
      throw new VStackError("too-many-requests", "Cannot vote as the disk does not keep up with the votes");
    }
    const { answer, writes } = compute();
    this.#sayWhatIsNew(writes);
    await this.#journal.append(...writes.map((write) => this.#memory.decide(write)));
    this.#mustVote();
    return answer;
  }

  /** Two values in one ballot: no proposer that keeps the rules does that. */
  #sayWhoCheats({ config, entries }: EntriesRequest<ChunkRecord>, answer: EntriesAnswer<ChunkRecord>): void {
    if (answer.say !== "answered") return;
    for (const [at, reply] of answer.replies.entries()) {
      if (reply.say !== "rejected" || reply.because !== "taken") continue;
      this.#log.error({ group: config.group, entry: entries[at] }, "Somebody proposed two values in one ballot");
    }
  }

  /** Epochs are rare: each is worth a line. */
  #sayWhatIsNew(writes: readonly Write<ChunkRecord>[]): void {
    for (const write of writes) {
      if (write.write !== "group") continue;
      const { sealedEpoch, active, installed } = write.memory;
      const epochs = { sealedEpoch, active: active?.epoch, installed: installed?.epoch };
      this.#log.info({ group: write.group, ...epochs }, "A group has a new epoch");
    }
  }

  #mustVote(): void {
    if (this.#mayVote) return;
    throw new VStackError("not-ready", "Cannot vote as the metadata server has not heard this acceptor yet");
  }
}

/** Of an acceptor or a start of the program, random: two disks share none, and no two starts. */
function newToken(): string {
  return randomBytes(16).toString("hex");
}

function grantedBy(granted: ReadonlySet<string>) {
  return (key: string, { epoch, proposer }: { readonly epoch: number; readonly proposer: string }) =>
    granted.has(grantSubject(videoOf(key), epoch, proposer));
}

/** Keys begin with their video: core/placement/position.ts. */
function videoOf(key: string): string {
  return key.slice(0, key.indexOf("/"));
}
