/**
 * Capabilities: short-lived permissions to write, made from the cluster key (HMAC-SHA256, RFC 2104). The text is
 * `base64url(JSON claims) "." base64url(HMAC of the first part)`; it travels as `?capability=` or as a bearer token
 * (RFC 6750). Signing and checking are in wire/client/capability.ts.
 */
import * as v from "valibot";

/**
 * What may be allowed. `HEARTBEAT` lets a node report to the metadata server; `VOTE` lets a proposer ask an acceptor; `OWN`
 * is the grant of ChunkPaxos: it names the owner of a new video's positions. `PIECES` lets the upkeep list and verify what a
 * node keeps.
 */
const CAPABILITY_METHODS = ["PUT", "DELETE", "HEARTBEAT", "VOTE", "OWN", "PIECES"] as const;

export const CapabilityClaimsSchema = v.object({
  /** Format version. */
  v: v.literal(1),
  method: v.picklist(CAPABILITY_METHODS),
  /**
   * What it is for: a chunk hash, or `<hash>/shards/<i>`; for HEARTBEAT, VOTE and PIECES the node's id; for OWN the video, the
   * epoch and its owner.
   */
  subject: v.pipe(v.string(), v.maxLength(128)),
  /** Wall-clock end, Unix milliseconds. */
  expiresAtMs: v.pipe(v.number(), v.safeInteger()),
});
export type CapabilityClaims = v.InferOutput<typeof CapabilityClaimsSchema>;
