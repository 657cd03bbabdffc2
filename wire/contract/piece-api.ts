/**
 * What a storage node answers about pieces (core/placement/piece.ts): `PUT/GET/HEAD/DELETE /chunks/:hash/shards/:i`,
 * `GET /pieces`, `POST /pieces/verify`, and under `--lab` `POST /lab/pieces`. Replicas have the chunk's own address, of which
 * everything here holds too.
 *
 * PUT and DELETE name the position (`?position=`) and the version of its record (`?version=`): of the record that names the
 * piece for a PUT, of one that does not for a DELETE. Of each position a node keeps the highest version for which it was given
 * the piece, and refuses a DELETE of a lower one with `conflict` (core/redundancy/release.ts). A PUT without version counts as
 * version 1, that of a new chunk; a DELETE without version takes the reference whatever its version: the position is no more.
 *
 * The PUT of a shard names the SHA-256 of its bytes (`?digest=`), which the node checks, keeps, and verifies by. A shard that
 * is there with another digest is kept and the PUT refused with `conflict`: of one chunk and one code there is only one.
 */
import * as v from "valibot";
import type { Piece } from "#core/placement/piece.ts";
import { MAX_SHARD, parsePieceId } from "#core/placement/piece.ts";
import { MAX_REFERENCES_PER_CHUNK } from "./limits.ts";
import { ChunkHashSchema, CountSchema, NodeIdSchema } from "./schemas.ts";

/** Pieces of one page; a piece with many references makes it shorter. */
export const MAX_INVENTORY_PIECES = 1_000;
/** References of one page, but for those of a single piece with more. */
export const MAX_INVENTORY_REFERENCES = 4_000;
/** Characters of one page: the references of a single piece at the longest, and the names of all the pieces. */
export const MAX_INVENTORY_CHARACTERS = 4 * 1024 * 1024;
/** Pieces of one verification: 64 of 16 MiB take some seconds of a disk. */
export const MAX_VERIFY_PIECES = 64;
/** Subject of the capability DELETE that `POST /lab/pieces` needs. */
export const LAB_PIECES_SUBJECT = "lab/pieces";

/** Subject of the capabilities PUT and DELETE of a piece. */
export function pieceSubject({ hash, shard }: Piece): string {
  return shard === null ? hash : `${hash}/shards/${shard}`;
}

/** A version of a record; a PUT without one counts as the first. */
export const VersionSchema = v.pipe(CountSchema, v.minValue(1));
const ShardSchema = v.pipe(CountSchema, v.maxValue(MAX_SHARD));

/** {@link import("#core/placement/piece.ts").Piece} as JSON. */
export const PieceSchema = v.object({
  hash: ChunkHashSchema,
  /** Null: the replica. */
  shard: v.nullable(ShardSchema),
});

/** 201 when the bytes are new here, 200 when they were known and intact; both after everything is durable. */
export const PutShardAnswerSchema = v.object({
  hash: ChunkHashSchema,
  shard: ShardSchema,
  sizeBytes: CountSchema,
  nodeId: NodeIdSchema,
  /** Whether the bytes were already here, and were kept. */
  existed: v.boolean(),
  references: CountSchema,
});
export type PutShardAnswer = v.InferOutput<typeof PutShardAnswerSchema>;

export const DeleteShardAnswerSchema = v.object({
  hash: ChunkHashSchema,
  shard: ShardSchema,
  /** References left; the bytes go with the last one. */
  references: CountSchema,
  deleted: v.boolean(),
});
export type DeleteShardAnswer = v.InferOutput<typeof DeleteShardAnswerSchema>;

/** One piece that a node knows of. */
export const PieceEntrySchema = v.object({
  hash: ChunkHashSchema,
  /** Null: the replica. */
  shard: v.nullable(ShardSchema),
  sizeBytes: CountSchema,
  /** Whether the bytes are here. Without them (lost, or found wrong) the references wait for a repair. */
  isHere: v.boolean(),
  /** Positions that refer to it, and the highest version of each one's record for which it was given. */
  references: v.pipe(
    v.array(
      v.object({
        /** Text of a position, or `loose`. */
        reference: v.string(),
        version: VersionSchema,
      }),
    ),
    v.maxLength(MAX_REFERENCES_PER_CHUNK),
  ),
});
export type PieceEntry = v.InferOutput<typeof PieceEntrySchema>;

const PieceIdSchema = v.pipe(
  v.string(),
  v.check((text) => text === "" || parsePieceId(text) !== undefined, "Expected <hash>, <hash>.<shard> or nothing"),
);

/** `GET /pieces?after=&limit=`. */
export const InventoryQuerySchema = v.object({
  /** The last piece of the page before, as `<hash>` or `<hash>.<shard>`; empty for the first page. */
  after: v.optional(PieceIdSchema, ""),
  limit: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^[1-9][0-9]{0,3}$/, "Expected a count above 0"),
      v.transform(Number),
      v.maxValue(MAX_INVENTORY_PIECES),
    ),
    String(MAX_INVENTORY_PIECES),
  ),
});

/** A page in the order of the texts of the pieces. What comes or goes meanwhile may be missing or in it. */
export const InventoryPageSchema = v.object({
  nodeId: NodeIdSchema,
  /** Of the disk: another one than on the page before means that all of it is another. */
  incarnation: v.string(),
  pieces: v.pipe(v.array(PieceEntrySchema), v.maxLength(MAX_INVENTORY_PIECES)),
  isLast: v.boolean(),
});
export type InventoryPage = v.InferOutput<typeof InventoryPageSchema>;

/** What a node finds when it reads a piece from its disk. What is `corrupt` is not served any more. */
export const PIECE_VERDICTS = ["intact", "corrupt", "absent"] as const;
export type PieceVerdict = (typeof PIECE_VERDICTS)[number];

export const VerifyPiecesSchema = v.object({
  pieces: v.pipe(v.array(PieceSchema), v.minLength(1), v.maxLength(MAX_VERIFY_PIECES)),
});

/** One verdict for each piece, in their order. */
export const VerifyAnswerSchema = v.object({
  nodeId: NodeIdSchema,
  verdicts: v.pipe(v.array(v.picklist(PIECE_VERDICTS)), v.maxLength(MAX_VERIFY_PIECES)),
});
export type VerifyAnswer = v.InferOutput<typeof VerifyAnswerSchema>;

/** What a rotting disk does, behind the back of the node: `corrupt` flips a byte, `delete` takes the file. */
export const DamageSchema = v.object({
  ...PieceSchema.entries,
  damage: v.picklist(["corrupt", "delete"]),
});
export type Damage = v.InferOutput<typeof DamageSchema>;
