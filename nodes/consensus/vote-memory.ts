/**
 * What the acceptor of this node remembers: groups and registers, as soon as it has decided on them, which is before they
 * are durable. Whoever answers from here waits until the journal has caught up (node-acceptor.ts).
 */
import type { AcceptorMemory, GroupMemory, Register, Write } from "#core/consensus/acceptor.ts";
import type { KeyState } from "#core/consensus/messages.ts";
import { invariant } from "#core/invariant.ts";
import { groupOfVideo } from "#core/placement/groups.ts";
import { parsePosition } from "#core/placement/position.ts";
import type { ChunkRecord } from "#core/placement/record.ts";
import type { JournalState } from "../storage/journal.ts";
import { KeyPages } from "./key-pages.ts";
import type { Identity, VoteChange } from "./vote-lines.ts";
import { registerFromText, registerText } from "./vote-lines.ts";

export class VoteMemory implements AcceptorMemory<ChunkRecord>, JournalState<VoteChange> {
  #incarnation: string;
  #starts = 0;
  #writes = 0;
  readonly #groups = new Map<number, GroupMemory>();
  /** Text of the registers by key: see vote-lines.ts. */
  readonly #registers = new Map<string, string>();
  /** Of the registers that have a value. */
  readonly #keys = new Map<number, KeyPages>();

  /** @param incarnation of the acceptor, unless a journal has another one */
  constructor(incarnation: string) {
    this.#incarnation = incarnation;
  }

  get incarnation(): string {
    return this.#incarnation;
  }

  get identity(): Identity {
    return { incarnation: this.#incarnation, starts: this.#starts, writes: this.#writes };
  }

  get keyCount(): number {
    return this.#registers.size;
  }

  group(group: number): GroupMemory | undefined {
    return this.#groups.get(group);
  }

  /** Numbers of the groups that it was told of, ascending. */
  groups(): number[] {
    return [...this.#groups.keys()].sort((a, b) => a - b);
  }

  /** Keys of a group that have a value. */
  valueCount(group: number): number {
    return this.#keys.get(group)?.size ?? 0;
  }

  register(key: string): Register<ChunkRecord> | undefined {
    const text = this.#registers.get(key);
    return text === undefined ? undefined : registerFromText(text);
  }

  accepted(group: number, after: string, limit: number): readonly KeyState<ChunkRecord>[] {
    const keys = this.#keys.get(group)?.page(after, limit) ?? [];
    return keys.flatMap((key) => {
      const accepted = this.register(key)?.accepted ?? null;
      return accepted === null ? [] : [{ key, accepted }];
    });
  }

  /** Remembers what was decided, and says what to write of it. */
  decide(write: Write<ChunkRecord>): VoteChange {
    const change = changeOf(write);
    this.#take(change);
    return change;
  }

  /** Forgets everything: another acceptor begins. */
  startAnew(incarnation: string): void {
    this.#incarnation = incarnation;
    this.#starts = 0;
    this.#writes = 0;
    this.#groups.clear();
    this.#registers.clear();
    this.#keys.clear();
  }

  /** The line of one more start. */
  nextStart(): VoteChange {
    return { change: "identity", ...this.identity, starts: this.#starts + 1 };
  }

  replay(change: VoteChange): void {
    this.#take(change);
    this.onDurable(change);
  }

  onDurable(change: VoteChange): void {
    if (change.change !== "identity") {
      this.#writes += 1;
      return;
    }
    this.#incarnation = change.incarnation;
    this.#starts = change.starts;
    this.#writes = change.writes;
  }

  changeCount(): number {
    return this.#registers.size + this.#groups.size + 1;
  }

  *changes(): Generator<VoteChange> {
    // The identity comes last and as it is now: the writes that it counts are then not counted again by a restart.
    const { identity } = this;
    for (const [group, memory] of this.#groups) yield { change: "group", group, memory };
    for (const [key, text] of this.#registers) {
      const hasValue = this.#keys.get(groupOfKey(key))?.has(key) === true;
      yield { change: "register", key, text, hasValue };
    }
    yield { change: "identity", ...identity };
  }

  #take(change: VoteChange): void {
    if (change.change === "group") this.#groups.set(change.group, change.memory);
    if (change.change !== "register") return;
    this.#registers.set(change.key, change.text);
    if (!change.hasValue) return;
    const group = groupOfKey(change.key);
    const pages = this.#keys.get(group) ?? new KeyPages();
    this.#keys.set(group, pages);
    pages.add(change.key);
  }
}

/** The last video that was asked about: keys of one video come in a row, from a proposer as from the journal. */
let last = { video: "/", group: -1 };

/** The group in which a key is voted on. That it is a position was seen where it came in. */
export function groupOfKey(key: string): number {
  if (key.startsWith(last.video)) return last.group;
  const position = parsePosition(key);
  invariant(position !== undefined, `Cannot vote on "${key}" as it is no position`);
  last = { video: `${position.videoId}/`, group: groupOfVideo(position.videoId) };
  return last.group;
}

function changeOf(write: Write<ChunkRecord>): VoteChange {
  if (write.write === "group") return { change: "group", group: write.group, memory: write.memory };
  const { key, register } = write;
  return { change: "register", key, text: registerText(register), hasValue: register.accepted !== null };
}
