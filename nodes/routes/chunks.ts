/** `/chunks/:hash`: which method goes where. */
import { type Context, Hono } from "hono";
import type { ChunkHash } from "#core/ids.ts";
import { CARRIED_ACCEPT } from "#wire/contract/headers.ts";
import { ROUTES } from "#wire/contract/paths.ts";
import { ChunkHashSchema } from "#wire/contract/schemas.ts";
import { methodNotAllowed } from "#wire/server/method-not-allowed.ts";
import { parseInput } from "#wire/server/validated.ts";
import type { NodeEnv } from "./node-env.ts";
import { type ReadPorts, readChunk } from "./read-chunk.ts";
import { faultsOfEverybody, type Lab, readEmulated } from "./read-emulated.ts";
import { deleteChunk, putChunk, type WritePorts } from "./write-chunk.ts";

/** @param lab in lab mode */
export function chunkRoutes(ports: ReadPorts & WritePorts, lab?: Lab): Hono<NodeEnv> {
  const app = new Hono<NodeEnv>();
  // Hono answers HEAD by the GET route and drops the body.
  app.get(ROUTES.chunk, (context) =>
    lab === undefined ? readChunk(context, hashOf(context), ports) : readEmulated(context, hashOf(context), ports, lab),
  );
  if (lab !== undefined) {
    const faults = faultsOfEverybody(lab.networks);
    app.put(ROUTES.chunk, (context, next) => (isCarrying(context) ? faults(context, next) : next()));
  }
  app.put(ROUTES.chunk, (context) => putChunk(context, hashOf(context), ports));
  app.delete(ROUTES.chunk, (context) => deleteChunk(context, hashOf(context), ports));
  app.all(ROUTES.chunk, methodNotAllowed("GET", "HEAD", "PUT", "DELETE", "OPTIONS"));
  return app;
}

/** Whether a PUT is a vote as well. */
function isCarrying(context: Context<NodeEnv>): boolean {
  return context.req.header(CARRIED_ACCEPT) !== undefined;
}

function hashOf(context: Context<NodeEnv>): ChunkHash {
  return parseInput(ChunkHashSchema, context.req.param("hash"), "chunk hash of the path");
}
