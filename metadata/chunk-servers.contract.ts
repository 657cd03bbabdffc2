/**
 * Storage nodes for tests: what wire/contract/chunk-api.ts says of them, in memory, behind a fetch port, with acceptors that
 * vote by the machine of core/consensus. They can be away, hang, lie, and hold PUTs back. They remember the emulated networks that they were told, and can be restarted.
 */
import { createHash } from "node:crypto";
import type { ChunkHash } from "#core/ids.ts";
import { parseChunkHash, parseNodeId } from "#core/ids.ts";
import type { FetchPort } from "#wire/client/http.ts";
import * as v from "valibot";
import type { Heartbeat } from "#wire/contract/cluster-api.ts";
import type { SessionNetwork } from "#wire/contract/emulation-api.ts";
import { SessionNetworkSchema } from "#wire/contract/emulation-api.ts";
import { ROUTES } from "#wire/contract/paths.ts";
import type { MemoryAcceptor } from "./consensus/memory-acceptor.contract.ts";
import { memoryAcceptor } from "./consensus/memory-acceptor.contract.ts";
import { present } from "./placement/placement-register.contract.ts";

export interface ChunkServer {
  readonly id: string;
  readonly url: string;
  /** Bytes and the positions that refer to them. */
  readonly chunks: Map<ChunkHash, { bytes: Uint8Array<ArrayBuffer>; positions: Set<string> }>;
  /** Nobody answers at its address. */
  away: boolean;
  /** Sends other bytes than it was given. */
  lies: boolean;
  /** PUTs wait for this before they are carried out. */
  gate: Promise<void> | undefined;
  /** Its part of each emulated network; null is that of everybody. */
  readonly networks: Map<string | null, SessionNetwork>;
  /** Another process has no networks, and says another number. */
  pid: number;
  /** Requests for chunks and networks by method, refused ones too. */
  readonly asked: Record<string, number>;
  readonly acceptor: MemoryAcceptor;
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
    const rest = { away: false, lies: false, gate: undefined, asked: {}, networks: new Map(), pid: 1 };
    const acceptor = memoryAcceptor(id);
    const server: ChunkServer = { id, url: `http://${id}.test`, chunks: new Map(), acceptor, ...rest };
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
      freeBytes: 1000,
      fillRatio: 0,
    }),
    references: () =>
      servers.flatMap(({ id, chunks }) =>
        [...chunks.values()].flatMap(({ positions }) => [...positions].map((position) => `${id} ${position}`)),
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

function answer(server: ChunkServer, { url, method, init }: Asked): Response {
  if (url.pathname === ROUTES.nodeLabNetwork) return labAnswer(server, { url, method, init });
  const hash = present(parseChunkHash(url.pathname.replace("/chunks/", "")));
  const position = url.searchParams.get("position") ?? "loose";
  const held = server.chunks.get(hash);
  if (method === "PUT") return put(server, { hash, position, init });
  if (held === undefined) return new Response("{}", { status: 404 });
  if (method === "DELETE") {
    held.positions.delete(position);
    if (held.positions.size === 0) server.chunks.delete(hash);
    return Response.json({ hash, references: held.positions.size, deleted: held.positions.size === 0 });
  }
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

function put(
  server: ChunkServer,
  { hash, position, init }: { hash: ChunkHash; position: string; init: RequestInit },
): Response {
  const { body } = init;
  if (!(body instanceof Uint8Array)) throw new Error("The test's storage node takes bytes only");
  const bytes = new Uint8Array(body);
  if (createHash("sha256").update(bytes).digest("hex") !== hash) return new Response("{}", { status: 422 });
  const held = server.chunks.get(hash) ?? { bytes, positions: new Set<string>() };
  const existed = server.chunks.has(hash);
  server.chunks.set(hash, { ...held, positions: held.positions.add(position) });
  const answer = {
    ...{ hash, sizeBytes: bytes.length, nodeId: server.id, existed },
    references: held.positions.size,
    vote: server.acceptor.carried(new Headers(init.headers)),
  };
  return Response.json(answer, { status: 201 });
}
