/**
 * `GET /pieces`: what is kept here, page by page. `POST /pieces/verify`: pieces are read from the disk and hashed, one after
 * another. Both with a capability PIECES of this node's name: they tell of positions, and cost something.
 */
import type { Context } from "hono";
import { Hono } from "hono";
import type { NodeId } from "#core/ids.ts";
import { pieceId, pieceOf } from "#core/placement/piece.ts";
import type { CapabilityReader } from "#wire/client/capability.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { NO_STORE } from "#wire/contract/headers.ts";
import { MAX_JSON_BYTES } from "#wire/contract/limits.ts";
import { ROUTES } from "#wire/contract/paths.ts";
import type { InventoryPage, PieceVerdict, VerifyAnswer } from "#wire/contract/piece-api.ts";
import { InventoryQuerySchema, MAX_INVENTORY_REFERENCES, VerifyPiecesSchema } from "#wire/contract/piece-api.ts";
import { methodNotAllowed } from "#wire/server/method-not-allowed.ts";
import { parseInput } from "#wire/server/validated.ts";
import type { ChunkStore, KeptPiece } from "../storage/chunk-store.ts";
import { KeyedLock } from "../storage/keyed-lock.ts";
import { type NodeEnv, socketOf } from "./node-env.ts";
import { receiveJson } from "./receive-json.ts";
import { checkAllowed } from "./write-chunk.ts";

/** Verifications in line; each is a batch. Upkeep asks for one or two at a time. */
const MAX_WAITING_VERIFICATIONS = 16;

export interface PiecePorts {
  readonly nodeId: NodeId;
  readonly store: ChunkStore;
  readonly readCapability: CapabilityReader;
  readonly wallMs: () => number;
  readonly verified: (verdict: PieceVerdict, bytes: number) => void;
}

const HEADERS = { "cache-control": NO_STORE };

export function pieceRoutes(ports: PiecePorts): Hono<NodeEnv> {
  const { nodeId, store, readCapability, wallMs } = ports;
  const app = new Hono<NodeEnv>();
  const verifyInTurn = verificationLane(ports);
  const mustBeAllowed = (context: Context<NodeEnv>) =>
    checkAllowed(context, { method: "PIECES", subject: nodeId }, { clusterKey: readCapability, wallMs });

  app.get(ROUTES.pieces, async (context) => {
    await mustBeAllowed(context);
    const { after, limit } = parseInput(InventoryQuerySchema, context.req.query(), "query");
    return context.json(inventoryPage(store.list(after, limit), limit, ports), 200, HEADERS);
  });
  app.post(ROUTES.verifyPieces, async (context) => {
    await mustBeAllowed(context);
    const { pieces } = await receiveJson(context, VerifyPiecesSchema, MAX_JSON_BYTES);
    const { outgoing } = socketOf(context);
    const verdicts = await verifyInTurn(pieces.map(pieceId), () => outgoing?.destroyed === true);
    const answer: VerifyAnswer = { nodeId, verdicts };
    return context.json(answer, 200, HEADERS);
  });
  app.all(ROUTES.pieces, methodNotAllowed("GET", "HEAD"));
  app.all(ROUTES.verifyPieces, methodNotAllowed("POST"));
  return app;
}

/** @param kept up to `limit` of them: fewer are the last ones */
function inventoryPage(kept: readonly KeptPiece[], limit: number, { nodeId, store }: PiecePorts): InventoryPage {
  const page: KeptPiece[] = [];
  let references = 0;
  for (const piece of kept) {
    references += piece.references.length;
    if (page.length > 0 && references > MAX_INVENTORY_REFERENCES) break;
    page.push(piece);
  }
  const isLast = kept.length < limit && page.length === kept.length;
  const pieces = page.map(({ piece, references: all, ...facts }) => ({
    ...{ ...pieceOf(piece), ...facts },
    references: [...all],
  }));
  return { nodeId, incarnation: store.incarnation, pieces, isLast };
}

type Verify = (pieces: readonly KeptPiece["piece"][], isGivenUp: () => boolean) => Promise<PieceVerdict[]>;

/** One verification at a time: a node has one disk, and it is for readers. */
function verificationLane({ store, verified }: PiecePorts): Verify {
  const lane = new KeyedLock<"verification">();
  let inLine = 0;
  return async (pieces, isGivenUp) => {
    if (inLine >= MAX_WAITING_VERIFICATIONS) {
      throw new VStackError("too-many-requests", `Cannot verify as ${inLine} verifications wait already`);
    }
    inLine += 1;
    try {
      return await lane.run("verification", async () => {
        const verdicts: PieceVerdict[] = [];
        for (const piece of pieces) {
          if (isGivenUp()) throw new VStackError("aborted", "Gave up verifying as the asker went away");
          const sizeBytes = store.sizeOf(piece) ?? 0;
          const verdict = await store.verify(piece);
          verified(verdict, sizeBytes);
          verdicts.push(verdict);
        }
        return verdicts;
      });
    } finally {
      inLine -= 1;
    }
  };
}
