/** `POST /lab/pieces`: damages a piece behind the back of the node, with a capability; `--lab` only. */
import { Hono } from "hono";
import type { ClusterKey } from "#wire/client/capability.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { ROUTES } from "#wire/contract/paths.ts";
import { DamageSchema, LAB_PIECES_SUBJECT } from "#wire/contract/piece-api.ts";
import { pieceId } from "#core/placement/piece.ts";
import { methodNotAllowed } from "#wire/server/method-not-allowed.ts";
import { parseJsonBody } from "#wire/server/validated.ts";
import type { ChunkStore } from "../storage/chunk-store.ts";
import type { NodeEnv } from "./node-env.ts";
import { checkAllowed } from "./write-chunk.ts";

export interface LabPiecePorts {
  readonly clusterKey: ClusterKey;
  readonly wallMs: () => number;
  readonly store: ChunkStore;
}

export function labPieceRoutes({ store, ...keys }: LabPiecePorts): Hono<NodeEnv> {
  const app = new Hono<NodeEnv>();
  app.post(ROUTES.nodeLabPieces, async (context) => {
    await checkAllowed(context, { method: "DELETE", subject: LAB_PIECES_SUBJECT }, keys);
    const { damage, ...piece } = await parseJsonBody(context, DamageSchema);
    if (!(await store.damage(pieceId(piece), damage))) {
      throw new VStackError("not-found", "Cannot damage the piece as it is not on this node");
    }
    return context.body(null, 204);
  });
  app.all(ROUTES.nodeLabPieces, methodNotAllowed("POST"));
  return app;
}
