/** `/chunks/:hash`: which method goes where. */
import { type Context, Hono } from "hono";
import type { ChunkHash } from "#core/ids.ts";
import { ROUTES } from "#wire/contract/paths.ts";
import { ChunkHashSchema } from "#wire/contract/schemas.ts";
import { methodNotAllowed } from "#wire/server/method-not-allowed.ts";
import { parseInput } from "#wire/server/validated.ts";
import type { NodeEnv } from "./node-env.ts";
import { type ReadPorts, readChunk } from "./read-chunk.ts";
import { deleteChunk, putChunk, type WritePorts } from "./write-chunk.ts";

export function chunkRoutes(ports: ReadPorts & WritePorts): Hono<NodeEnv> {
  const app = new Hono<NodeEnv>();
  // Hono answers HEAD by the GET route and drops the body.
  app.get(ROUTES.chunk, (context) => readChunk(context, hashOf(context), ports));
  app.put(ROUTES.chunk, (context) => putChunk(context, hashOf(context), ports));
  app.delete(ROUTES.chunk, (context) => deleteChunk(context, hashOf(context), ports));
  app.all(ROUTES.chunk, methodNotAllowed("GET", "HEAD", "PUT", "DELETE", "OPTIONS"));
  return app;
}

function hashOf(context: Context<NodeEnv>): ChunkHash {
  return parseInput(ChunkHashSchema, context.req.param("hash"), "chunk hash of the path");
}
