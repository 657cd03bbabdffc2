/**
 * The votes of ChunkPaxos on the wire: `POST /consensus/entries` and `POST /consensus/seal` of a storage node, and the Accept
 * that a PUT of a chunk carries. Keys are positions in their text form, bodies are records. The shapes are those of
 * core/consensus/messages.ts; here they are checked.
 */
import * as v from "valibot";
import type { GroupConfig, Member } from "#core/consensus/group.ts";
import type { EntriesAnswer, EntriesRequest, Entry, Reply, SealAnswer, SealRequest } from "#core/consensus/messages.ts";
import { PAGE_KEYS } from "#core/consensus/reconfiguration.ts";
import type { Value } from "#core/consensus/value.ts";
import { positionText } from "#core/placement/position.ts";
import type { ChunkRecord } from "#core/placement/record.ts";
import { ChunkRecordSchema, CountSchema, NodeIdSchema, PositionSchema } from "./schemas.ts";

/** Entries of one message: half a megabyte of records. */
export const MAX_ENTRIES = PAGE_KEYS;
/** Acceptors of one group. */
const MAX_MEMBERS = 7;
/** Body of one message: {@link MAX_ENTRIES} records with every holder that a record may name would be more, and are not made. */
export const MAX_CONSENSUS_BYTES = 2 * 1024 * 1024;
/** The Accept that travels in a header of the PUT, base64url of JSON; Node takes 16 KiB of headers in all. */
export const MAX_ACCEPT_HEADER_CHARACTERS = 8192;

/** Random hexadecimal digits: incarnations, proposers, ids of values. */
const TokenSchema = v.pipe(v.string(), v.regex(/^[0-9a-z.-]{1,64}$/, "Expected 1 to 64 of 0-9 a-z . -"));
/** A position in its one spelling. */
const KeySchema = v.pipe(PositionSchema, v.transform(positionText));
const EpochSchema = v.pipe(CountSchema, v.minValue(1));

export const BallotSchema = v.object({ epoch: EpochSchema, round: CountSchema, proposer: TokenSchema });

export const ValueSchema: v.GenericSchema<unknown, Value<ChunkRecord>> = v.object({
  version: v.pipe(CountSchema, v.minValue(1)),
  id: TokenSchema,
  previousId: v.nullable(TokenSchema),
  body: v.nullable(ChunkRecordSchema),
});

export const AcceptedSchema = v.object({ ballot: BallotSchema, value: ValueSchema });

const MemberSchema: v.GenericSchema<unknown, Member> = v.object({ nodeId: NodeIdSchema, incarnation: TokenSchema });

export const GroupConfigSchema: v.GenericSchema<unknown, GroupConfig> = v.object({
  group: CountSchema,
  epoch: EpochSchema,
  members: v.pipe(v.array(MemberSchema), v.minLength(1), v.maxLength(MAX_MEMBERS)),
});

const EntrySchema: v.GenericSchema<unknown, Entry<ChunkRecord>> = v.variant("ask", [
  v.object({ ask: v.literal("read"), key: KeySchema }),
  v.object({ ask: v.literal("prepare"), key: KeySchema, ballot: BallotSchema }),
  v.object({ ask: v.literal("accept"), key: KeySchema, ballot: BallotSchema, value: ValueSchema }),
  v.object({ ask: v.literal("install"), key: KeySchema, ballot: BallotSchema, value: ValueSchema }),
]);

/**
 * Body of `POST /consensus/entries`, and what the header of a PUT holds (there with one entry). `grants`: capabilities of
 * method OWN with subject {@link grantSubject}, one per video whose positions are accepted in round 0.
 */
export const EntriesRequestSchema = v.object({
  config: GroupConfigSchema,
  incarnation: TokenSchema,
  entries: v.pipe(v.array(EntrySchema), v.maxLength(MAX_ENTRIES)),
  grants: v.pipe(v.array(v.pipe(v.string(), v.maxLength(512))), v.maxLength(MAX_ENTRIES)),
});
export type GrantedRequest = EntriesRequest<ChunkRecord> & { readonly grants: readonly string[] };

const ReplySchema: v.GenericSchema<unknown, Reply<ChunkRecord>> = v.variant("say", [
  v.object({ say: v.literal("state"), accepted: v.nullable(AcceptedSchema) }),
  v.object({ say: v.literal("promised"), accepted: v.nullable(AcceptedSchema) }),
  v.object({ say: v.literal("accepted") }),
  v.object({ say: v.literal("installed") }),
  v.object({
    say: v.literal("rejected"),
    because: v.picklist(["promised", "taken", "no-grant"]),
    promised: v.nullable(BallotSchema),
  }),
]);

const REFUSALS = [
  v.object({ say: v.literal("sealed"), sealedEpoch: EpochSchema }),
  v.object({ say: v.literal("stranger"), incarnation: TokenSchema }),
] as const;

export const EntriesAnswerSchema: v.GenericSchema<unknown, EntriesAnswer<ChunkRecord>> = v.variant("say", [
  v.object({ say: v.literal("answered"), replies: v.pipe(v.array(ReplySchema), v.maxLength(MAX_ENTRIES)) }),
  ...REFUSALS,
]);

export const SealRequestSchema: v.GenericSchema<unknown, SealRequest> = v.object({
  group: CountSchema,
  toEpoch: EpochSchema,
  incarnation: TokenSchema,
  after: v.pipe(v.string(), v.maxLength(128)),
  limit: v.pipe(CountSchema, v.minValue(1), v.maxValue(MAX_ENTRIES)),
});

export const SealAnswerSchema: v.GenericSchema<unknown, SealAnswer<ChunkRecord>> = v.variant("say", [
  v.object({
    say: v.literal("page"),
    states: v.pipe(v.array(v.object({ key: KeySchema, accepted: AcceptedSchema })), v.maxLength(MAX_ENTRIES)),
    isLast: v.boolean(),
  }),
  ...REFUSALS,
]);

/**
 * Everything that an acceptor knows, for whoever lost the catalogue: `GET /consensus/groups` lists its groups; their
 * values are read by {@link StatesAnswerSchema} pages of `GET /consensus/states?group=&after=`. Reading changes nothing.
 */
export const GroupsAnswerSchema = v.object({
  nodeId: NodeIdSchema,
  incarnation: TokenSchema,
  groups: v.array(
    v.object({
      group: CountSchema,
      sealedEpoch: CountSchema,
      active: v.nullable(GroupConfigSchema),
      installed: v.nullable(GroupConfigSchema),
      keyCount: CountSchema,
    }),
  ),
});

/** What `GET /consensus/states` is asked for. */
export const StatesQuerySchema = v.object({
  group: v.pipe(v.string(), v.regex(/^(0|[1-9][0-9]{0,8})$/, "Expected the number of a group"), v.transform(Number)),
  /** Last key of the page before, "" for the first. */
  after: v.optional(v.pipe(v.string(), v.maxLength(128)), ""),
});

export const StatesAnswerSchema = v.object({
  states: v.pipe(v.array(v.object({ key: KeySchema, accepted: AcceptedSchema })), v.maxLength(MAX_ENTRIES)),
  isLast: v.boolean(),
});

/** Subject of the OWN capability: who owns the positions of a video in which epoch. */
export function grantSubject(videoId: string, epoch: number, proposer: string): string {
  return `${videoId}.${epoch}.${proposer}`;
}
