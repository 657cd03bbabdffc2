/** Header names of our own and those that we must spell the same on both sides. */

/** On media answers: who served them. */
export const SERVED_BY = "X-VStack-Served-By";
export const SERVED_BY_GATEWAY = "gateway";
export const SERVED_BY_WORKER = "worker";

/**
 * On the PUT of a chunk to a member of its group: the Accept of its record in round 0, base64url of the JSON of
 * EntriesRequestSchema with one entry (wire/contract/consensus-api.ts), of the position and the hash that the PUT names. The
 * answer's `vote` is what the acceptor says to it.
 */
export const CARRIED_ACCEPT = "X-VStack-Accept";

/** A chunk never changes under its name; lab mode sends `no-store` so that every byte is measured. */
export const IMMUTABLE = "public, max-age=31536000, immutable";
export const NO_STORE = "no-store";

/** Media types by which chunks are stored and served; everything else is octets. */
export const MEDIA_TYPES = {
  segment: "video/iso.segment",
  init: "video/mp4",
  playlist: "application/vnd.apple.mpegurl",
  octets: "application/octet-stream",
} as const;
