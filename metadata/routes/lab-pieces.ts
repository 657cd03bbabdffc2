/** `POST /api/lab/pieces`: damages a piece on a node's disk, to watch it heal; of a cluster that was started with `--lab` only. */
import { Hono } from "hono";
import type { InferOutput } from "valibot";
import type { FetchPort } from "#wire/client/http.ts";
import { askJson } from "#wire/client/http.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { ROUTES } from "#wire/contract/paths.ts";
import { LAB_PIECES_SUBJECT, LabPieceAnswerSchema, LabPieceSchema } from "#wire/contract/storage-schemas.ts";
import type { MintCapability } from "#wire/exchange/store-chunk.ts";
import { methodNotAllowed } from "#wire/server/method-not-allowed.ts";
import { parseJsonBody } from "#wire/server/validated.ts";
import type { NodeDirectory } from "../cluster/node-directory.ts";
import type { RouteWords } from "../openapi/describe.ts";
import { describe } from "../openapi/describe.ts";

/** One byte of one file. */
const NODE_DEADLINE_MS = 5_000;

const WORDS = {
  ...{ tag: "lab", summary: "Flip a byte of a piece on a node's disk, or remove it" },
  description:
    "Only of a cluster that was started with `--lab`; 404 otherwise, and when the piece is not there. Nobody is told: a check or a reader has to find it.",
  body: { json: "LabPiece", example: { nodeId: "n1", hash: "0".repeat(64), shard: null, damage: "corrupt" } },
  answers: { 200: { says: "It is done", json: "LabPieceAnswer" } },
  problems: ["bad-request", "not-found", "unreachable", "timeout"],
} as const satisfies RouteWords;

export interface LabPiecesPorts {
  readonly lab: boolean;
  readonly directory: Pick<NodeDirectory, "internalUrls">;
  readonly mint: MintCapability;
  readonly fetch: FetchPort;
}

export function labPiecesRoutes({ lab, directory, mint, fetch }: LabPiecesPorts): Hono {
  const app = new Hono();
  app.post(ROUTES.labPieces, describe(WORDS), async (context) => {
    if (!lab) {
      throw new VStackError(
        "not-found",
        "Cannot damage pieces as the cluster was not started with --lab: start one with npx vstack up --lab",
      );
    }
    const { nodeId, ...piece } = await parseJsonBody(context, LabPieceSchema);
    const base = directory.internalUrls().get(nodeId);
    if (base === undefined) throw new VStackError("not-found", `Cannot find node "${nodeId}"`);
    const authorization = `Bearer ${await mint({ method: "PUT", subject: LAB_PIECES_SUBJECT })}`;
    const answer = await askJson(`${base}${ROUTES.nodeLabPieces}`, LabPieceAnswerSchema, {
      method: "POST",
      headers: { authorization, "content-type": "application/json" },
      body: JSON.stringify(piece),
      ...{ fetch, signal: context.req.raw.signal, deadlineMs: NODE_DEADLINE_MS },
    });
    return context.json(answer satisfies InferOutput<typeof LabPieceAnswerSchema>);
  });
  app.all(ROUTES.labPieces, methodNotAllowed("POST"));
  return app;
}
