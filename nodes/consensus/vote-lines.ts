/**
 * The votes of a node as a journal, `acceptor.log`. A line of a key or a group replaces what stood there before:
 *
 *     vstack-acceptor 1
 *     1a2b3c4d i <incarnation> <starts> <writes>     the acceptor, at each start
 *     5e6f7a8b g <group> <JSON of GroupMemory>
 *     9a0b1c2d p <key> <JSON of Register>            promised alone
 *     3e4f5a6b v <key> <JSON of Register>            with a value
 *
 * Registers stay text, here and in memory: half the room of objects, and a restart need not read what nobody asks for.
 */
import * as v from "valibot";
import type { GroupMemory, Register } from "#core/consensus/acceptor.ts";
import type { ChunkRecord } from "#core/placement/record.ts";
import { AcceptedSchema, BallotSchema, GroupConfigSchema } from "#wire/contract/consensus-api.ts";
import { CountSchema } from "#wire/contract/schemas.ts";
import type { LineFormat } from "../storage/journal-lines.ts";

/** Who votes, how often it was started, and the changes that it made durable before this line. */
export interface Identity {
  readonly incarnation: string;
  readonly starts: number;
  readonly writes: number;
}

/** One line. */
export type VoteChange =
  | ({ readonly change: "identity" } & Identity)
  | { readonly change: "group"; readonly group: number; readonly memory: GroupMemory }
  | { readonly change: "register"; readonly key: string; readonly text: string; readonly hasValue: boolean };

export const VOTE_LINES: LineFormat<VoteChange> = {
  firstLine: "vstack-acceptor 1",
  contents: "the votes",
  write: writeChange,
  read: readChange,
};

const RegisterSchema: v.GenericSchema<unknown, Register<ChunkRecord>> = v.object({
  promised: v.nullable(BallotSchema),
  accepted: v.nullable(AcceptedSchema),
});

const GroupMemorySchema: v.GenericSchema<unknown, GroupMemory> = v.object({
  sealedEpoch: CountSchema,
  active: v.nullable(GroupConfigSchema),
  installed: v.nullable(GroupConfigSchema),
});

const COUNT = /^(0|[1-9][0-9]{0,15})$/;
const SPACE = 0x20;

/** The text by which a register is kept. */
export function registerText(register: Register<ChunkRecord>): string {
  return JSON.stringify(register);
}

/** @throws when the text is no register: the checksum of its line was right, so a program has written nonsense */
export function registerFromText(text: string): Register<ChunkRecord> {
  return v.parse(RegisterSchema, JSON.parse(text));
}

function writeChange(change: VoteChange): string {
  switch (change.change) {
    case "identity":
      return `i ${change.incarnation} ${change.starts} ${change.writes}`;
    case "group":
      return `g ${change.group} ${JSON.stringify(change.memory)}`;
    case "register":
      return `${change.hasValue ? "v" : "p"} ${change.key} ${change.text}`;
  }
}

function readChange(bytes: Buffer, start: number, end: number): VoteChange | undefined {
  const nameAt = start + 2;
  const nameEnd = bytes.indexOf(SPACE, nameAt);
  if (nameEnd < 0 || nameEnd >= end) return undefined;
  const name = bytes.toString("utf8", nameAt, nameEnd);
  const rest = bytes.toString("utf8", nameEnd + 1, end);
  switch (String.fromCharCode(bytes[start] ?? 0)) {
    case "v":
      return { change: "register", key: name, text: rest, hasValue: true };
    case "p":
      return { change: "register", key: name, text: rest, hasValue: false };
    case "g":
      return groupChange(name, rest);
    case "i":
      return identityChange(name, rest);
    default:
      return undefined;
  }
}

function groupChange(name: string, text: string): VoteChange | undefined {
  if (!COUNT.test(name)) return undefined;
  const memory = v.safeParse(v.pipe(v.string(), v.parseJson(), GroupMemorySchema), text);
  return memory.success ? { change: "group", group: Number(name), memory: memory.output } : undefined;
}

function identityChange(incarnation: string, text: string): VoteChange | undefined {
  const [starts = "", writes = "", ...more] = text.split(" ");
  if (!COUNT.test(starts) || !COUNT.test(writes) || more.length > 0) return undefined;
  return { change: "identity", incarnation, starts: Number(starts), writes: Number(writes) };
}
