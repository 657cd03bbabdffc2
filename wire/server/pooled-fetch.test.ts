import type { IncomingMessage, RequestListener, Server } from "node:http";
import { createServer } from "node:http";
import { once } from "node:events";
import { afterEach, describe, expect, test } from "vitest";
import { pooledFetch } from "./pooled-fetch.ts";

const LONG_BYTES = 1_000_000;
const noOthers = () => Promise.reject(new Error("No other addresses here"));
const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await once(server.close(), "close");
  }
});

async function serve(answer: RequestListener): Promise<{ readonly url: string; readonly server: Server }> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("No port");
  return { url: `http://127.0.0.1:${address.port}/here`, server };
}

async function textOf(incoming: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

describe("pooledFetch()", () => {
  test("sends method, headers and body, and brings status, headers and body", async () => {
    const { url } = await serve((incoming, outgoing) => {
      void textOf(incoming).then((text) => {
        const { method, headers } = incoming;
        outgoing.writeHead(201, { "x-back": "yes" }).end(`${method ?? ""} ${String(headers["x-there"])} ${text}`);
      });
    });
    const fetch = pooledFetch(noOthers);
    const answer = await fetch(url, { method: "PUT", headers: { "x-there": "1" }, body: new Uint8Array([104, 105]) });
    expect([answer.status, answer.headers.get("x-back"), await answer.text()]).toEqual([201, "yes", "PUT 1 hi"]);
  });

  test("asks again on the same connection", async () => {
    const ports = new Set<number | undefined>();
    const { url } = await serve((incoming, outgoing) => {
      ports.add(incoming.socket.remotePort);
      outgoing.end("there");
    });
    const fetch = pooledFetch(noOthers);
    for (let ask = 0; ask < 5; ask += 1) expect(await (await fetch(url, {})).text()).toBe("there");
    expect(ports.size).toBe(1);
  });

  test("brings a long body as a stream, and none where there is none", async () => {
    const { url } = await serve((incoming, outgoing) => {
      if (incoming.method === "DELETE") outgoing.writeHead(204).end();
      else outgoing.end(Buffer.alloc(LONG_BYTES, 7));
    });
    const fetch = pooledFetch(noOthers);
    expect((await (await fetch(url, {})).arrayBuffer()).byteLength).toBe(LONG_BYTES);
    const gone = await fetch(url, { method: "DELETE" });
    expect([gone.status, gone.body]).toEqual([204, null]);
  });

  test("repeats what a server that had closed the kept connection never saw", async () => {
    let seen = 0;
    const { url, server } = await serve((_, outgoing) => {
      seen += 1;
      outgoing.end("there");
    });
    const fetch = pooledFetch(noOthers);
    await (await fetch(url, {})).text();
    server.closeAllConnections();
    expect(await (await fetch(url, {})).text()).toBe("there");
    expect(seen).toBe(2);
  });

  test("ends with the reason of its signal, before the answer and while it is under way", async () => {
    const { url } = await serve((_, outgoing) => {
      outgoing.writeHead(200, { "content-length": 10 }).write("half");
    });
    const fetch = pooledFetch(noOthers);
    await expect(fetch(url, { signal: AbortSignal.abort(new Error("too late")) })).rejects.toThrow("too late");
    const stopping = new AbortController();
    const asked = fetch(url, { signal: stopping.signal });
    stopping.abort(new Error("enough"));
    await expect(asked).rejects.toThrow("enough");
  });

  test("leaves other addresses to the other fetch, and a server that is not there is an error", async () => {
    const fetch = pooledFetch(() => Promise.resolve(new Response("other")));
    expect(await (await fetch("https://example.invalid/", {})).text()).toBe("other");
    const { url, server } = await serve(() => undefined);
    await once(server.close(), "close");
    await expect(fetch(url, {})).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });
});
