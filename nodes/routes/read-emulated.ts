/** `GET` and `HEAD` of a piece in lab mode: as the emulated network of the asking session lets them through. */
import type { Socket } from "node:net";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Context, MiddlewareHandler } from "hono";
import * as v from "valibot";
import type { PieceId } from "#core/placement/piece.ts";
import { pieceOf } from "#core/placement/piece.ts";
import { SessionNameSchema } from "#wire/contract/emulation-api.ts";
import { QUERY } from "#wire/contract/paths.ts";
import type { ByteLogs, OpenEntry } from "../emulation/byte-logs.ts";
import { type LabNetworks, NO_SESSION } from "../emulation/lab-networks.ts";
import { parseByteRange } from "./byte-range.ts";
import { type NodeEnv, socketOf } from "./node-env.ts";
import { type ReadPorts, readChunk } from "./read-chunk.ts";

/** What a node has in lab mode. */
export interface Lab {
  readonly networks: LabNetworks;
  readonly byteLogs: ByteLogs;
}

export async function readEmulated(
  context: Context<NodeEnv>,
  piece: PieceId,
  readPorts: ReadPorts,
  { networks, byteLogs }: Lab,
): Promise<Response> {
  const { incoming, outgoing } = socketOf(context);
  if (incoming === undefined || outgoing === undefined) return await readChunk(context, piece, readPorts);
  const entry = beginEntry(context, piece, readPorts, byteLogs);
  const served: ReadPorts["served"] = (sent) => {
    entry?.sent(sent.bytes);
    readPorts.served(sent);
  };
  const ports = { ...readPorts, served };
  const gone = new AbortController();
  const leave = () => {
    gone.abort();
  };
  outgoing.once("close", leave);
  try {
    const { socket } = incoming;
    const arrival = await networks.arrive(sessionOf(context), socket, gone.signal);
    if (arrival === undefined) return await readChunk(context, piece, ports);
    if (arrival.fate === "refused") {
      cut(socket);
      return RESPONSE_ALREADY_SENT;
    }
    return await readChunk(context, piece, ports, { ...arrival, pieces: ports.pools.pieces });
  } finally {
    outgoing.off("close", leave);
    entry?.end();
  }
}

/** Undefined for what asks without a session, or for what is not here. */
function beginEntry(
  context: Context<NodeEnv>,
  piece: PieceId,
  { store }: ReadPorts,
  byteLogs: ByteLogs,
): OpenEntry | undefined {
  const session = sessionOf(context);
  const sizeBytes = store.sizeOf(piece);
  if (session === NO_SESSION || sizeBytes === undefined || context.req.method !== "GET") return undefined;
  const range = parseByteRange(context.req.header("range"), sizeBytes);
  const { start, end } = range.answer === "part" ? range : { start: 0, end: sizeBytes };
  return byteLogs.begin(session, { ...pieceOf(piece), start, end });
}

function sessionOf(context: Context<NodeEnv>): string {
  const name = v.safeParse(SessionNameSchema, context.req.query(QUERY.session));
  return name.success ? name.output : NO_SESSION;
}

/**
 * For what belongs to no session, such as votes: a node that refuses or hangs for everybody does so to them; what the network
 * is like otherwise is nothing to them.
 */
export function faultsOfEverybody(networks: LabNetworks): MiddlewareHandler<NodeEnv> {
  return async (context, next) => {
    const { incoming, outgoing } = socketOf(context);
    if (incoming === undefined || outgoing === undefined) {
      await next();
      return undefined;
    }
    const gone = new AbortController();
    const leave = () => {
      gone.abort();
    };
    outgoing.once("close", leave);
    const fate = await networks.passFaults(gone.signal).finally(() => outgoing.off("close", leave));
    if (fate === "refused") {
      cut(incoming.socket);
      return RESPONSE_ALREADY_SENT;
    }
    await next();
    return undefined;
  };
}

/** A reset is what a client of a dead program sees; only sockets of TCP can. */
function cut(socket: Socket): void {
  socket.resetAndDestroy();
}
