/**
 * Storage nodes for tests: what wire/contract/chunk-api.ts says of them, in memory, behind a fetch port, with acceptors that
 * vote by the machine of core/consensus. They can be away, hang, lie, and hold PUTs back. They remember the emulated networks that they were told, and can be restarted.
 */
import { createHash } from "node:crypto";
import { parseChunkHash, parseNodeId } from "#core/ids.ts";
import type { Piece, PieceId } from "#core/placement/piece.ts";
import { pieceId, pieceOf } from "#core/placement/piece.ts";
import { mayDelete } from "#core/redundancy/release.ts";
import type { FetchPort } from "#wire/client/http.ts";
import * as v from "valibot";
import type { Heartbeat } from "#wire/contract/cluster-api.ts";
import type { SessionNetwork } from "#wire/contract/emulation-api.ts";
import { SessionNetworkSchema } from "#wire/contract/emulation-api.ts";
import type { ErrorCode } from "#wire/contract/errors.ts";
import { ROUTES } from "#wire/contract/paths.ts";
import { VerifyPiecesSchema } from "#wire/contract/piece-api.ts";
import { PROBLEM_KINDS, PROBLEM_MEDIA_TYPE, problemType } from "#wire/contract/problem.ts";
import type { MemoryAcceptor } from "./consensus/memory-acceptor.contract.ts";
import { memoryAcceptor } from "./consensus/memory-acceptor.contract.ts";
import { present } from "./placement/placement-register.contract.ts";

export interface ChunkServer {
  readonly id: string;
  readonly url: string;
  /** Replicas: bytes, and the positions that refer to them with the versions that they were given for. */
  readonly chunks: Map<PieceId, StoredPiece>;
  /** Shards, by the text of the piece. */
  readonly shards: Map<PieceId, StoredPiece>;
  /** Nobody answers at its address. */
  away: boolean;
  /** Sends other bytes than it was given. */
  lies: boolean;
  /** PUTs wait for this before they are carried out. */
  gate: Promise<void> | undefined;
  /** Its part of each emulated network; null is that of everybody. */
  readonly networks: Map<string | null, SessionNetwork>;
  /** The failure domain that it names. */
  domain: string | undefined;
  /** Another process has no networks, and says another number. */
  pid: number;
  /** Requests for chunks and networks by method, refused ones too. */
  readonly asked: Record<string, number>;
  readonly acceptor: MemoryAcceptor;
}

interface StoredPiece {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** What they should hash to; what does not is corrupt. */
  readonly digest: string;
  readonly positions: Map<string, number>;
}

export interface ChunkServers {
  readonly servers: readonly ChunkServer[];
  readonly fetch: FetchPort;
  /** One more. */
  add(): ChunkServer;
  heartbeat(server: ChunkServer): Heartbeat;
  /** Everything that any server keeps, as `node position`. */
  references(): string[];
}

export function chunkServers(count: number): ChunkServers {
  const servers: ChunkServer[] = [];
  const add = (): ChunkServer => {
    const id = `node-${servers.length + 1}`;
    const rest = {
      away: false,
      domain: undefined,
      lies: false,
      gate: undefined,
      asked: {},
      networks: new Map(),
      pid: 1,
    };
    const acceptor = memoryAcceptor(id);
    const pieces = { chunks: new Map(), shards: new Map() };
    const server: ChunkServer = { id, url: `http://${id}.test`, ...pieces, acceptor, ...rest };
    servers.push(server);
    return server;
  };
  for (let made = 0; made < count; made += 1) add();
  return {
    ...{ servers, add },
    fetch: async (address, init) => {
      const url = new URL(address);
      const server = present(servers.find((one) => one.url === url.origin));
      const method = init.method ?? "GET";
      const isVote = url.pathname.startsWith("/consensus/");
      if (!isVote) server.asked[method] = (server.asked[method] ?? 0) + 1;
      if (server.away) throw new TypeError("fetch failed");
      if (isVote) return vote(server, url, init);
      if (method === "PUT") await raced(server.gate, init.signal);
      return answer(server, { url, method, init });
    },
    heartbeat: (server) => ({
      nodeId: present(parseNodeId(server.id)),
      internalUrl: server.url,
      publicUrl: server.url,
      incarnation: "disk",
      acceptor: acceptorFacts(server.acceptor),
      pid: server.pid,
      chunkCount: server.chunks.size,
      usedBytes: 0,
      freeBytes: 1_000_000_000,
      fillRatio: 0,
      ...(server.domain === undefined ? {} : { domain: server.domain }),
      otherBytes: 700,
    }),
    references: () =>
      servers.flatMap(({ id, chunks, shards }) =>
        [...chunks.values(), ...shards.values()].flatMap(({ positions }) =>
          [...positions.keys()].map((position) => `${id} ${position}`),
        ),
      ),
  };
}

function acceptorFacts({ incarnation, starts, writes }: MemoryAcceptor): Heartbeat["acceptor"] {
  return { incarnation, starts, writes, program: "started once" };
}

function vote({ acceptor }: ChunkServer, url: URL, { body }: RequestInit): Response {
  return present(acceptor.answer(url, typeof body === "string" ? JSON.parse(body) : undefined));
}

/** Waits, but no longer than the asker does. */
async function raced(gate: Promise<void> | undefined, signal: AbortSignal | null | undefined): Promise<void> {
  if (gate === undefined) return;
  await Promise.race([
    gate,
    new Promise((_, reject) => {
      const giveUp = () => {
        reject(new DOMException("Aborted", "AbortError"));
      };
      if (signal?.aborted === true) giveUp();
      signal?.addEventListener("abort", giveUp);
    }),
  ]);
}

interface Asked {
  readonly url: URL;
  readonly method: string;
  readonly init: RequestInit;
}

const CHUNK_PATH = /^\/chunks\/([0-9a-f]{64})(?:\/shards\/(\d+))?$/;

function answer(server: ChunkServer, { url, method, init }: Asked): Response | Promise<Response> {
  if (url.pathname === ROUTES.nodeLabNetwork) return labAnswer(server, { url, method, init });
  if (url.pathname === ROUTES.pieces) return inventory(server);
  if (url.pathname === ROUTES.verifyPieces) return verdicts(server, init);
  const [, hashText = "", shardText] = present(CHUNK_PATH.exec(url.pathname));
  const piece = { hash: present(parseChunkHash(hashText)), shard: shardText === undefined ? null : Number(shardText) };
  const position = url.searchParams.get("position") ?? "loose";
  const held = piecesOf(server, piece).get(pieceId(piece));
  if (method === "PUT") return put(server, { piece, url, position, init });
  if (method === "DELETE") return remove(server, piece, url);
  if (held === undefined) return problem(404, "not-found");
  const bytes = server.lies ? held.bytes.map((byte) => byte ^ 1) : held.bytes;
  const range = /^bytes=(\d+)-(\d*)$/.exec(new Headers(init.headers).get("range") ?? "");
  if (method === "HEAD") return new Response(null, { headers: { "content-length": String(bytes.length) } });
  if (range === null) return new Response(bytes, { headers: { "content-length": String(bytes.length) } });
  const [start, end] = [Number(range[1]), range[2] === "" ? bytes.length : Number(range[2]) + 1];
  return new Response(bytes.slice(start, end), {
    status: 206,
    headers: { "content-length": String(end - start), "content-range": `bytes ${start}-${end - 1}/${bytes.length}` },
  });
}

function piecesOf(server: ChunkServer, { shard }: Piece): Map<PieceId, StoredPiece> {
  return shard === null ? server.chunks : server.shards;
}

function problem(status: number, code: ErrorCode): Response {
  const body = JSON.stringify({ type: problemType(code), title: PROBLEM_KINDS[code].title, status });
  return new Response(body, { status, headers: { "content-type": PROBLEM_MEDIA_TYPE } });
}

function remove(server: ChunkServer, piece: Piece, url: URL): Response {
  const pieces = piecesOf(server, piece);
  const held = pieces.get(pieceId(piece));
  if (held === undefined) return problem(404, "not-found");
  const position = url.searchParams.get("position") ?? "loose";
  const epoch = Number(url.searchParams.get("version") ?? Infinity);
  if (!mayDelete(held.positions.get(position) ?? 0, epoch)) return problem(409, "conflict");
  held.positions.delete(position);
  if (held.positions.size === 0) pieces.delete(pieceId(piece));
  const answered = { references: held.positions.size, deleted: held.positions.size === 0 };
  return Response.json({ hash: piece.hash, ...(piece.shard === null ? {} : { shard: piece.shard }), ...answered });
}

function inventory({ id, chunks, shards }: ChunkServer): Response {
  const pieces = [...chunks, ...shards].map(([name, { bytes, positions }]) => ({
    ...pieceOf(name),
    ...{ sizeBytes: bytes.length, isHere: true },
    references: [...positions].map(([reference, version]) => ({ reference, version })),
  }));
  pieces.sort((a, b) => (pieceId(a) < pieceId(b) ? -1 : 1));
  return Response.json({ nodeId: id, incarnation: "disk", pieces, isLast: true });
}

function verdicts(server: ChunkServer, { body }: RequestInit): Response {
  const { pieces } = v.parse(VerifyPiecesSchema, JSON.parse(typeof body === "string" ? body : ""));
  const found = pieces.map((piece) => {
    const held = piecesOf(server, piece).get(pieceId(piece));
    if (held === undefined) return "absent";
    return digestOf(held.bytes) === held.digest ? "intact" : "corrupt";
  });
  return Response.json({ nodeId: server.id, verdicts: found });
}

function labAnswer({ id, networks }: ChunkServer, { url, method, init }: Asked): Response {
  if (method === "PUT") {
    if (typeof init.body !== "string") throw new Error("The test's storage node takes networks as text only");
    const network = v.parse(SessionNetworkSchema, JSON.parse(init.body));
    networks.set(network.session, network);
    return Response.json({ nodeId: id, session: network.session, access: "unlimited" });
  }
  const name = url.searchParams.get("session");
  if (name === null) networks.clear();
  else networks.delete(name === "" ? null : name);
  return new Response(null, { status: 204 });
}

interface Put {
  readonly piece: Piece;
  readonly url: URL;
  readonly position: string;
  readonly init: RequestInit;
}

function put(server: ChunkServer, { piece, url, position, init }: Put): Response {
  const { hash, shard } = piece;
  const { body } = init;
  if (!(body instanceof Uint8Array)) throw new Error("The test's storage node takes bytes only");
  const bytes = new Uint8Array(body);
  const digest = shard === null ? hash : present(url.searchParams.get("digest"));
  if (digestOf(bytes) !== digest) return problem(422, "digest-mismatch");
  const pieces = piecesOf(server, piece);
  const held = pieces.get(pieceId(piece));
  if (held !== undefined && held.digest !== digest) return problem(409, "conflict");
  const positions = held?.positions ?? new Map<string, number>();
  const version = Number(url.searchParams.get("version") ?? 1);
  positions.set(position, Math.max(version, positions.get(position) ?? 0));
  pieces.set(pieceId(piece), { bytes, digest, positions });
  const answer = {
    ...{ hash, sizeBytes: bytes.length, nodeId: server.id, existed: held !== undefined },
    references: positions.size,
    ...(shard === null ? { vote: server.acceptor.carried(new Headers(init.headers)) } : { shard }),
  };
  return Response.json(answer, { status: 201 });
}

function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
