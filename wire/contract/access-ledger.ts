/**
 * What nodes and the process that started them (`vstack up --lab`) say over their IPC channel, so that a client's emulated
 * access link is one link behind all nodes: a node wants bytes of its transfers to pass, the ledger grants them.
 */
import * as v from "valibot";
import { RateSchema, SessionNetworkSchema } from "./emulation-api.ts";
import { CountSchema } from "./schemas.ts";

/** Transfers of one message: what a node emulates at once (nodes/emulation/lab-networks.ts). */
const MAX_PAIRS = 1_024;
/** The session that a network applies to; empty for requests without a name. */
const SessionSchema = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{0,64}$/));
/** `[transfer, bytes]`; transfers are numbered by each node for itself. */
const PairsSchema = v.pipe(v.array(v.tuple([CountSchema, CountSchema])), v.maxLength(MAX_PAIRS));

export const AccessAskSchema = v.variant("say", [
  /** Before anything else of a session, and again when its link changes. */
  v.object({
    say: v.literal("access-open"),
    session: SessionSchema,
    startedAtMs: SessionNetworkSchema.entries.startedAtMs,
    rate: RateSchema,
  }),
  /** So many bytes more. */
  v.object({ say: v.literal("access-want"), session: SessionSchema, wants: PairsSchema }),
  /** A transfer ended before it had all that it wanted. */
  v.object({ say: v.literal("access-leave"), session: SessionSchema, transfer: CountSchema }),
  v.object({ say: v.literal("access-close"), session: SessionSchema }),
]);
export type AccessAsk = v.InferOutput<typeof AccessAskSchema>;

export const AccessGrantSchema = v.object({
  say: v.literal("access-grant"),
  session: SessionSchema,
  grants: PairsSchema,
});
export type AccessGrant = v.InferOutput<typeof AccessGrantSchema>;
