/** `/chunks/:hash`: which method goes where. */
import { type Context, Hono } from "hono";
import type { ChunkHash } from "#core/ids.ts";
import { ROUTES } from "#wire/contract/paths.ts";
import { ChunkHashSchema } from "#wire/contract/schemas.ts";
import { methodNotAllowed } from "#wire/server/method-not-allowed.ts";
import { parseInput } from "#wire/server/validated.ts";
import type { NodeEnv } from "./node-env.ts";
import { type ReadPorts, readChunk } from "./read-chunk.ts";
import { type Lab, readEmulated } from "./read-emulated.ts";
import { deleteChunk, putChunk, type WritePorts } from "./write-chunk.ts";

/** @param lab in lab mode */
export function chunkRoutes(ports: ReadPorts & WritePorts, lab?: Lab): Hono<NodeEnv> {
  const app = new Hono<NodeEnv>();
  // Hono answers HEAD by the GET route and drops the body.
  app.get(ROUTES.chunk, (context) =>
    lab === undefined ? readChunk(context, hashOf(context), ports) : readEmulated(context, hashOf(context), ports, lab),
  );
  app.put(ROUTES.chunk, (context) => putChunk(context, hashOf(context), ports));
  app.delete(ROUTES.chunk, (context) => deleteChunk(context, hashOf(context), ports));
  app.all(ROUTES.chunk, methodNotAllowed("GET", "HEAD", "PUT", "DELETE", "OPTIONS"));
  return app;
}

function hashOf(context: Context<NodeEnv>): ChunkHash {
  return parseInput(ChunkHashSchema, context.req.param("hash"), "chunk hash of the path");
}
