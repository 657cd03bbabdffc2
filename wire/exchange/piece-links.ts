/**
 * The ways to the pieces on nodes (wire/contract/piece-api.ts), for programs with the cluster's key: put, read, verify, release,
 * list. Each call is one request, or one after another for a long list, with a deadline of its own; nothing is tried again
 * here. Every call throws a VStackError: the code that the node answered, `unreachable`, `timeout`, `aborted`, or `bad-answer`
 * when the node answered something that cannot be.
 */
import type { ByteRange } from "#core/erasure/geometry.ts";
import type { Piece } from "#core/placement/piece.ts";
import { pieceId } from "#core/placement/piece.ts";
import { chunkHashOf } from "#wire/client/digest.ts";
import type { FetchPort } from "#wire/client/http.ts";
import { ask, askJson } from "#wire/client/http.ts";
import { DeleteChunkAnswerSchema, PutChunkAnswerSchema } from "#wire/contract/chunk-api.ts";
import { errorCode, VStackError } from "#wire/contract/errors.ts";
import { MEDIA_TYPES } from "#wire/contract/headers.ts";
import { PATHS, PURPOSE_UPKEEP, QUERY, ROUTES } from "#wire/contract/paths.ts";
import type { Damage, InventoryPage, PieceEntry, PieceVerdict } from "#wire/contract/piece-api.ts";
import {
  DeleteShardAnswerSchema,
  InventoryPageSchema,
  LAB_PIECES_SUBJECT,
  MAX_INVENTORY_CHARACTERS,
  MAX_INVENTORY_PIECES,
  MAX_VERIFY_PIECES,
  pieceSubject,
  PutShardAnswerSchema,
  VerifyAnswerSchema,
} from "#wire/contract/piece-api.ts";
import type { MintCapability, StorageTarget } from "./store-chunk.ts";

/** 16 MiB at 10 Mbit/s and some, disk flush included. */
const TRANSFER_DEADLINE_MS = 20_000;
/** A change of the journal, or a page of it. */
const SMALL_DEADLINE_MS = 10_000;
/** A full batch of large pieces on a slow disk that readers keep busy. */
const VERIFY_DEADLINE_MS = 120_000;

/** A node that is alive. */
export type PieceTarget = Pick<StorageTarget, "nodeId" | "url">;

export interface PieceLinksPorts {
  readonly mint: MintCapability;
  readonly fetch: FetchPort;
}

export interface PieceToPut {
  readonly piece: Piece;
  /** All that the node shall keep: the chunk, or the stored bytes of the shard. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Text of the position whose record names the piece, or will. */
  readonly key: string;
  /** Version of that record, >= 1. */
  readonly version: number;
}

export interface PieceToRead {
  readonly piece: Piece;
  /** Of the whole piece, as the record says. */
  readonly sizeBytes: number;
  /** What of it; all when left out. */
  readonly range?: ByteRange;
}

export interface PieceToRelease {
  readonly piece: Piece;
  /** Text of the position that gives the piece up. */
  readonly key: string;
  /**
   * Version of a record of this position that does not name the piece (core/redundancy/release.ts); null when no record will
   * ever stand there again.
   */
  readonly epoch: number | null;
}

/**
 * `released`: the node has no reference of this position to the piece, and no bytes without references. `refused`: it was given
 * the piece for a later version, so the release is void.
 */
export type ReleaseOutcome = "released" | "refused";

export interface PieceLinks {
  /**
   * Puts a piece; returns when it would survive a power loss. Bytes that are there and intact are kept.
   *
   * @throws VStackError `conflict` when the node has other bytes under this name, `storage-full`
   */
  put(node: PieceTarget, put: PieceToPut, signal: AbortSignal): Promise<{ readonly existed: boolean }>;
  /**
   * Reads bytes of a piece; they are not verified.
   *
   * @throws VStackError `not-found`, `corrupt` when the node knows that they are wrong, `bad-answer` when the piece there has
   *   another size
   */
  read(node: PieceTarget, read: PieceToRead, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
  /** Has the node read pieces from its disk; a verdict for each, in their order. What is corrupt is not served any more. */
  verify(node: PieceTarget, pieces: readonly Piece[], signal: AbortSignal): Promise<PieceVerdict[]>;
  release(node: PieceTarget, release: PieceToRelease, signal: AbortSignal): Promise<ReleaseOutcome>;
  /**
   * Everything that the node keeps, page by page, in the order of the pieces' names. It is no snapshot.
   *
   * @throws VStackError also `conflict` when the disk became another one on the way
   */
  inventory(node: PieceTarget, signal: AbortSignal): AsyncGenerator<readonly PieceEntry[]>;
  /** Under `--lab`: does to the piece what a rotting disk does. @throws VStackError `not-found` when it is not there */
  damage(node: PieceTarget, damage: Damage, signal: AbortSignal): Promise<void>;
}

export function pieceLinks(ports: PieceLinksPorts): PieceLinks {
  return {
    put: (node, put, signal) => putPiece(node, put, { ...ports, signal }),
    read: (node, read, signal) => readPiece(node, read, { ...ports, signal }),
    verify: (node, pieces, signal) => verifyPieces(node, pieces, { ...ports, signal }),
    release: (node, release, signal) => releasePiece(node, release, { ...ports, signal }),
    inventory: (node, signal) => inventoryOf(node, { ...ports, signal }),
    damage: (node, damage, signal) => damagePiece(node, damage, { ...ports, signal }),
  };
}

interface Asking extends PieceLinksPorts {
  readonly signal: AbortSignal;
}

async function putPiece(
  node: PieceTarget,
  { piece, bytes, key, version }: PieceToPut,
  { mint, fetch, signal }: Asking,
): Promise<{ readonly existed: boolean }> {
  const query = new URLSearchParams({
    [QUERY.position]: key,
    [QUERY.version]: String(version),
    [QUERY.capability]: await mint({ method: "PUT", subject: pieceSubject(piece) }),
  });
  if (piece.shard !== null) query.set(QUERY.digest, await chunkHashOf(bytes));
  const url = `${node.url}${PATHS.piece(piece)}?${query}`;
  const answer = await askJson(url, piece.shard === null ? PutChunkAnswerSchema : PutShardAnswerSchema, {
    method: "PUT",
    headers: { "content-type": MEDIA_TYPES.octets },
    body: bytes,
    ...{ fetch, signal, deadlineMs: TRANSFER_DEADLINE_MS },
  });
  const isThis = isOf(piece, answer) && answer.nodeId === node.nodeId && answer.sizeBytes === bytes.length;
  if (!isThis) throw nonsense(node, "it acknowledged another piece");
  return { existed: answer.existed };
}

async function readPiece(
  node: PieceTarget,
  { piece, sizeBytes, range = { start: 0, end: sizeBytes } }: PieceToRead,
  { fetch, signal }: Asking,
): Promise<Uint8Array<ArrayBuffer>> {
  const { start, end } = range;
  const expectedBytes = end - start;
  if (expectedBytes === 0) return new Uint8Array(0);
  const url = `${node.url}${PATHS.piece(piece)}?${QUERY.purpose}=${PURPOSE_UPKEEP}`;
  const response = await ask(url, {
    headers: { range: `bytes=${start}-${end - 1}` },
    ...{ fetch, signal, deadlineMs: TRANSFER_DEADLINE_MS },
  });
  const isAsked = response.headers.get("content-range") === `bytes ${start}-${end - 1}/${sizeBytes}`;
  const isLong = Number(response.headers.get("content-length") ?? expectedBytes) > expectedBytes;
  if (!isAsked || isLong) {
    await response.body?.cancel();
    throw nonsense(node, `bytes ${start}-${end} of ${sizeBytes} were asked for`);
  }
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    const code = signal.aborted ? "aborted" : "unreachable";
    throw new VStackError(code, `Cannot read ${pieceId(piece)} of ${node.nodeId} to its end`, { cause });
  }
  if (bytes.length !== expectedBytes) throw nonsense(node, `it sent ${bytes.length} of ${expectedBytes} bytes`);
  return bytes;
}

async function verifyPieces(node: PieceTarget, pieces: readonly Piece[], asking: Asking): Promise<PieceVerdict[]> {
  const { mint, fetch, signal } = asking;
  const verdicts: PieceVerdict[] = [];
  for (let start = 0; start < pieces.length; start += MAX_VERIFY_PIECES) {
    const batch = pieces.slice(start, start + MAX_VERIFY_PIECES);
    const capability = await mint({ method: "PIECES", subject: node.nodeId });
    const answer = await askJson(`${node.url}${ROUTES.verifyPieces}`, VerifyAnswerSchema, {
      method: "POST",
      headers: { authorization: `Bearer ${capability}`, "content-type": "application/json" },
      body: JSON.stringify({ pieces: batch.map(({ hash, shard }) => ({ hash, shard })) }),
      ...{ fetch, signal, deadlineMs: VERIFY_DEADLINE_MS },
    });
    const isThis = answer.nodeId === node.nodeId && answer.verdicts.length === batch.length;
    if (!isThis) throw nonsense(node, "its verdicts do not fit the pieces");
    verdicts.push(...answer.verdicts);
  }
  return verdicts;
}

async function releasePiece(
  node: PieceTarget,
  { piece, key, epoch }: PieceToRelease,
  { mint, fetch, signal }: Asking,
): Promise<ReleaseOutcome> {
  const query = new URLSearchParams({
    [QUERY.position]: key,
    [QUERY.capability]: await mint({ method: "DELETE", subject: pieceSubject(piece) }),
    ...(epoch === null ? {} : { [QUERY.version]: String(epoch) }),
  });
  const schema = piece.shard === null ? DeleteChunkAnswerSchema : DeleteShardAnswerSchema;
  try {
    const url = `${node.url}${PATHS.piece(piece)}?${query}`;
    const answer = await askJson(url, schema, { method: "DELETE", fetch, signal, deadlineMs: SMALL_DEADLINE_MS });
    if (!isOf(piece, answer)) throw nonsense(node, "it released another piece");
    return "released";
  } catch (error) {
    if (errorCode(error) === "conflict") return "refused";
    if (errorCode(error) === "not-found") return "released";
    throw error;
  }
}

async function* inventoryOf(node: PieceTarget, asking: Asking): AsyncGenerator<readonly PieceEntry[]> {
  let after = "";
  let incarnation: string | undefined;
  for (;;) {
    const page = await inventoryPage(node, after, asking);
    incarnation ??= page.incarnation;
    if (page.incarnation !== incarnation) {
      throw new VStackError("conflict", `Cannot list the pieces of ${node.nodeId} as its disk became another one`);
    }
    const names = [after, ...page.pieces.map(pieceId)];
    const isAscending = names.every((name, at) => at === 0 || name > (names[at - 1] ?? ""));
    if (!isAscending || (!page.isLast && names.length === 1)) throw nonsense(node, "its pieces are not in order");
    if (page.pieces.length > 0) yield page.pieces;
    if (page.isLast) return;
    after = names.at(-1) ?? "";
  }
}

async function inventoryPage(
  node: PieceTarget,
  after: string,
  { mint, fetch, signal }: Asking,
): Promise<InventoryPage> {
  const capability = await mint({ method: "PIECES", subject: node.nodeId });
  const page = await askJson(`${node.url}${PATHS.pieces(after, MAX_INVENTORY_PIECES)}`, InventoryPageSchema, {
    headers: { authorization: `Bearer ${capability}` },
    maxCharacters: MAX_INVENTORY_CHARACTERS,
    ...{ fetch, signal, deadlineMs: SMALL_DEADLINE_MS },
  });
  if (page.nodeId !== node.nodeId) throw nonsense(node, `it calls itself ${page.nodeId}`);
  return page;
}

async function damagePiece(node: PieceTarget, damage: Damage, { mint, fetch, signal }: Asking): Promise<void> {
  const capability = await mint({ method: "DELETE", subject: LAB_PIECES_SUBJECT });
  const response = await ask(`${node.url}${ROUTES.nodeLabPieces}`, {
    method: "POST",
    headers: { authorization: `Bearer ${capability}`, "content-type": "application/json" },
    body: JSON.stringify(damage),
    ...{ fetch, signal, deadlineMs: SMALL_DEADLINE_MS },
  });
  await response.body?.cancel();
}

/** Whether the answer is about this piece; answers about replicas name no shard. */
function isOf(piece: Piece, answer: { readonly hash: string; readonly shard?: number }): boolean {
  return answer.hash === piece.hash && (answer.shard ?? null) === piece.shard;
}

function nonsense({ nodeId }: PieceTarget, why: string): VStackError {
  return new VStackError("bad-answer", `Cannot use the answer of ${nodeId} as ${why}`);
}
