/**
 * A fetch for a server that asks other servers many small things: Node's own HTTP client with connections that are kept. The
 * platform's fetch took twice as much of the processor for a vote (609 against 296 microseconds, 32 at once on a busy machine,
 * Node 20), most of it for streams that a body of a hundred bytes does not need.
 *
 * It does what this project asks of a fetch: bodies of text or bytes, no redirects, no cookies. Other addresses than http go to
 * the platform's.
 */
import type { IncomingMessage } from "node:http";
import { Agent, request as httpRequest } from "node:http";
import { Readable } from "node:stream";
import { VStackError } from "#wire/contract/errors.ts";

/** Connections to one server; what comes then waits. An upload has some dozens of chunks and votes under way. */
const MAX_SOCKETS = 128;
/** Kept when idle, for each server. */
const MAX_IDLE_SOCKETS = 32;
/** Answers up to this come at once, longer ones as streams. */
const MAX_WHOLE_BYTES = 256 * 1024;
/** RFC 9110 section 15: these have no body. */
const BODILESS = new Set([204, 205, 304]);

export type PooledFetch = (url: string, init: RequestInit) => Promise<Response>;

interface Asked {
  readonly url: string;
  readonly agent: Agent;
  readonly method: string;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly body: Uint8Array | null;
  readonly signal: AbortSignal | null;
}

/** @param others for addresses that are not http: the platform's fetch */
export function pooledFetch(others: PooledFetch): PooledFetch {
  const agent = new Agent({
    ...{ keepAlive: true, noDelay: true, scheduling: "lifo" },
    ...{ maxSockets: MAX_SOCKETS, maxFreeSockets: MAX_IDLE_SOCKETS },
  });
  return (url, init) => {
    if (!url.startsWith("http://")) return others(url, init);
    const body = bodyBytes(init.body ?? null);
    const length = body === null ? {} : { "content-length": body.length };
    const headers = { ...Object.fromEntries(new Headers(init.headers)), ...length };
    return send({ ...{ url, agent, headers, body }, method: init.method ?? "GET", signal: init.signal ?? null }, true);
  };
}

function bodyBytes(body: NonNullable<RequestInit["body"]> | null): Uint8Array | null {
  if (body === null) return null;
  if (typeof body === "string") return Buffer.from(body);
  if (body instanceof Uint8Array) return body;
  throw new VStackError("internal", "Cannot send a body that is neither text nor bytes");
}

/** @param mayRepeat when the server had closed the kept connection before it saw anything (Node: `request.reusedSocket`) */
function send(asked: Asked, mayRepeat: boolean): Promise<Response> {
  const { url, agent, method, headers, body, signal } = asked;
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(reasonOf(signal));
      return;
    }
    const request = httpRequest(url, { method, agent, headers });
    const stop = () => {
      if (signal !== null) request.destroy(reasonOf(signal));
    };
    signal?.addEventListener("abort", stop, { once: true });
    request.once("close", () => {
      signal?.removeEventListener("abort", stop);
    });
    request.once("response", (incoming) => {
      answerOf(incoming, method).then(resolve, reject);
    });
    request.once("error", (error: NodeJS.ErrnoException) => {
      const wasClosed = error.code === "ECONNRESET" && request.reusedSocket && signal?.aborted !== true;
      if (wasClosed && mayRepeat) send(asked, false).then(resolve, reject);
      else reject(error);
    });
    request.end(body ?? undefined);
  });
}

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new DOMException("Aborted", "AbortError");
}

async function answerOf(incoming: IncomingMessage, method: string): Promise<Response> {
  const status = incoming.statusCode ?? 0;
  const headers = Object.entries(incoming.headers).map(([name, value]): [string, string] => [name, String(value)]);
  const length = Number(incoming.headers["content-length"] ?? "NaN");
  if (BODILESS.has(status) || method === "HEAD") {
    incoming.resume();
    return new Response(null, { status, headers });
  }
  if (!(length <= MAX_WHOLE_BYTES)) {
    return new Response(Readable.toWeb(incoming) as ReadableStream<Uint8Array>, { status, headers });
  }
  const parts: Uint8Array[] = [];
  for await (const part of incoming as AsyncIterable<Uint8Array>) parts.push(part);
  return new Response(Buffer.concat(parts), { status, headers });
}
