/** `POST /api/lab/pieces`: damages a piece on a node's disk, to watch it heal; of a cluster that was started with `--lab` only. */
import { Hono } from "hono";
import type { InferOutput } from "valibot";
import { VStackError } from "#wire/contract/errors.ts";
import { ROUTES } from "#wire/contract/paths.ts";
import type { LabPieceAnswerSchema } from "#wire/contract/storage-schemas.ts";
import { LabPieceSchema } from "#wire/contract/storage-schemas.ts";
import type { PieceLinks } from "#wire/exchange/piece-links.ts";
import { methodNotAllowed } from "#wire/server/method-not-allowed.ts";
import { parseJsonBody } from "#wire/server/validated.ts";
import type { NodeDirectory } from "../cluster/node-directory.ts";
import type { RouteWords } from "../openapi/describe.ts";
import { describe } from "../openapi/describe.ts";

const WORDS = {
  ...{ tag: "lab", summary: "Flip a byte of a piece on a node's disk, or remove it" },
  description:
    "Only of a cluster that was started with `--lab`; 404 otherwise, and when the piece is not there. Nobody is told: a check or a reader has to find it.",
  body: { json: "LabPiece", example: { nodeId: "n1", hash: "0".repeat(64), shard: 2, damage: "corrupt" } },
  answers: { 200: { says: "It is done", json: "LabPieceAnswer" } },
  problems: ["bad-request", "not-found", "unreachable", "timeout"],
} as const satisfies RouteWords;

export interface LabPiecesPorts {
  readonly lab: boolean;
  readonly directory: Pick<NodeDirectory, "internalUrls">;
  readonly damage: (...asked: Parameters<PieceLinks["damage"]>) => Promise<void>;
}

export function labPiecesRoutes({ lab, directory, damage }: LabPiecesPorts): Hono {
  const app = new Hono();
  app.post(ROUTES.labPieces, describe(WORDS), async (context) => {
    if (!lab) {
      throw new VStackError(
        "not-found",
        "Cannot damage pieces as the cluster was not started with --lab: start one with npx vstack up --lab",
      );
    }
    const { nodeId, ...piece } = await parseJsonBody(context, LabPieceSchema);
    const url = directory.internalUrls().get(nodeId);
    if (url === undefined) throw new VStackError("not-found", `Cannot find node "${nodeId}"`);
    await damage({ nodeId, url }, piece, context.req.raw.signal);
    return context.json({ damaged: true } satisfies InferOutput<typeof LabPieceAnswerSchema>);
  });
  app.all(ROUTES.labPieces, methodNotAllowed("POST"));
  return app;
}
