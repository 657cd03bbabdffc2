/** `/chunks/:hash` and `/chunks/:hash/shards/:i`: which method goes where. */
import { type Context, Hono } from "hono";
import type { ChunkHash } from "#core/ids.ts";
import type { PieceId } from "#core/placement/piece.ts";
import { pieceId } from "#core/placement/piece.ts";
import { CARRIED_ACCEPT } from "#wire/contract/headers.ts";
import { ROUTES } from "#wire/contract/paths.ts";
import { ShardSchema } from "#wire/contract/piece-api.ts";
import { ChunkHashSchema } from "#wire/contract/schemas.ts";
import { methodNotAllowed } from "#wire/server/method-not-allowed.ts";
import { parseInput } from "#wire/server/validated.ts";
import type { NodeEnv } from "./node-env.ts";
import { type ReadPorts, readChunk } from "./read-chunk.ts";
import { faultsOfEverybody, type Lab, readEmulated } from "./read-emulated.ts";
import { deletePiece, putChunk, putShard, type WritePorts } from "./write-chunk.ts";

/** @param lab in lab mode */
export function chunkRoutes(ports: ReadPorts & WritePorts, lab?: Lab): Hono<NodeEnv> {
  const app = new Hono<NodeEnv>();
  const read = (context: Context<NodeEnv>, piece: PieceId) =>
    lab === undefined ? readChunk(context, piece, ports) : readEmulated(context, piece, ports, lab);
  // Hono answers HEAD by the GET route and drops the body.
  app.get(ROUTES.chunk, (context) => read(context, hashOf(context)));
  app.get(ROUTES.shard, (context) => read(context, pieceId(shardOf(context))));
  if (lab !== undefined) {
    const faults = faultsOfEverybody(lab.networks);
    app.put(ROUTES.chunk, (context, next) => (isCarrying(context) ? faults(context, next) : next()));
  }
  app.put(ROUTES.chunk, (context) => putChunk(context, hashOf(context), ports));
  app.put(ROUTES.shard, (context) => putShard(context, shardOf(context), ports));
  app.delete(ROUTES.chunk, (context) => deletePiece(context, { hash: hashOf(context), shard: null }, ports));
  app.delete(ROUTES.shard, (context) => deletePiece(context, shardOf(context), ports));
  for (const path of [ROUTES.chunk, ROUTES.shard]) {
    app.all(path, methodNotAllowed("GET", "HEAD", "PUT", "DELETE", "OPTIONS"));
  }
  return app;
}

/** Whether a PUT is a vote as well. */
function isCarrying(context: Context<NodeEnv>): boolean {
  return context.req.header(CARRIED_ACCEPT) !== undefined;
}

function hashOf(context: Context<NodeEnv>): ChunkHash {
  return parseInput(ChunkHashSchema, context.req.param("hash"), "chunk hash of the path");
}

function shardOf(context: Context<NodeEnv>): { readonly hash: ChunkHash; readonly shard: number } {
  const text = context.req.param("shard") ?? "";
  // One spelling for each number, so that each shard has one address.
  const shard = parseInput(ShardSchema, /^(0|[1-9][0-9]?)$/.test(text) ? Number(text) : text, "shard of the path");
  return { hash: hashOf(context), shard };
}
