/** The Accept that the PUT of a chunk carries in a header: read and voted on while the disk flushes the bytes. */
import type { Context } from "hono";
import type { ChunkHash } from "#core/ids.ts";
import {
  EntriesRequestSchema,
  type GrantedRequest,
  MAX_ACCEPT_HEADER_CHARACTERS,
} from "#wire/contract/consensus-api.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { CARRIED_ACCEPT } from "#wire/contract/headers.ts";
import { parseJson } from "#wire/server/validated.ts";
import type { NodeEnv } from "./node-env.ts";

/**
 * The Accept of a PUT, undefined when it carries none. It must be of the bytes and the position that the PUT stores, and in
 * round 0, for which it brings its grant: the capability of a PUT allows no other vote.
 *
 * @param reference the position's text
 * @throws VStackError `bad-request` or `too-large`
 */
export function carriedAccept(
  context: Context<NodeEnv>,
  hash: ChunkHash,
  reference: string,
): GrantedRequest | undefined {
  const text = context.req.header(CARRIED_ACCEPT);
  if (text === undefined) return undefined;
  if (text.length > MAX_ACCEPT_HEADER_CHARACTERS) {
    throw new VStackError("too-large", `Cannot read more than ${MAX_ACCEPT_HEADER_CHARACTERS} characters of an Accept`);
  }
  const what = `header ${CARRIED_ACCEPT}`;
  const request = parseJson(EntriesRequestSchema, Buffer.from(text, "base64url").toString("utf8"), what);
  const [entry, ...more] = request.entries;
  const isOfThisPut =
    entry?.ask === "accept" &&
    more.length === 0 &&
    entry.ballot.round === 0 &&
    entry.key === reference &&
    entry.value.body?.hash === hash;
  if (isOfThisPut) return request;
  throw new VStackError("bad-request", `Cannot use the ${what}: one accept in round 0 of this chunk here is wanted`);
}
