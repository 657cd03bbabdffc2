/** Over a real socket: what `app.request()` cannot show. */
import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { Hono } from "hono";
import { VStackError } from "#wire/contract/errors.ts";
import { type Listening, listen } from "#wire/server/listen.ts";
import { silentLog } from "#wire/server/log.ts";
import { problemHandler } from "#wire/server/problem-handler.ts";
import { BufferPool } from "../buffer-pool.ts";
import type { OpenChunk } from "../storage/chunk-store.ts";
import type { NodeEnv } from "./node-env.ts";
import { PIECE_BYTES, sendChunk } from "./send-chunk.ts";

/** More than the system keeps for a connection on loopback, so that a reader that takes nothing stops the sender. */
const SIZE_BYTES = 12 * 1024 * 1024 + 123;
const content = Buffer.alloc(SIZE_BYTES, "0123456789abcdef!");
const closers: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A server of one chunk; `sent` gets the bytes of each answer when it is over. */
async function serve(limits: { wholeBytes: number; pieceBytes: number }, read?: OpenChunk["read"]) {
  const pools = {
    whole: new BufferPool({ limitBytes: limits.wholeBytes, maxWaiting: 0 }),
    pieces: new BufferPool({ limitBytes: limits.pieceBytes, maxWaiting: 0 }),
  };
  const sent: number[] = [];
  const app = new Hono<NodeEnv>();
  app.onError(problemHandler(silentLog));
  app.get("/", async (context) => {
    const { outgoing } = context.env;
    if (outgoing === undefined) throw new Error("No socket");
    const chunk: OpenChunk = {
      sizeBytes: SIZE_BYTES,
      read: async (target, position) => {
        content.copy(target, 0, position, position + target.length);
        await read?.(target, position);
      },
      close: () => {},
    };
    const head = { status: 200, headers: { "content-length": String(SIZE_BYTES) } };
    sent.push(await sendChunk(outgoing, head, { chunk, start: 0, end: SIZE_BYTES }, pools));
    return RESPONSE_ALREADY_SENT;
  });
  const listening: Listening = await listen(app, { host: "127.0.0.1", port: 0 });
  closers.push(() => listening.close());
  return { url: `http://127.0.0.1:${listening.port}/`, port: listening.port, pools, sent };
}

/** A reader that asks and then takes nothing. */
async function silentReader(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  closers.push(() => {
    socket.destroy();
  });
  await new Promise<void>((resolve) => {
    socket.once("connect", resolve);
  });
  socket.pause();
  socket.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  return socket;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

async function bodyOf(url: string): Promise<Buffer> {
  return Buffer.from(await (await fetch(url)).arrayBuffer());
}

describe("sendChunk()", () => {
  test("sends the whole part from one buffer and gives it back", async () => {
    const { url, pools, sent } = await serve({ wholeBytes: 2 * SIZE_BYTES, pieceBytes: 0 });
    for (let round = 0; round < 3; round += 1) expect((await bodyOf(url)).equals(content)).toBe(true);
    await until(() => sent.length === 3);
    expect(sent).toEqual([SIZE_BYTES, SIZE_BYTES, SIZE_BYTES]);
    expect(pools.whole.inUseBytes).toBe(0);
  });

  test("sends pieces when memory for whole parts is lent, the same bytes", async () => {
    const { url, port, pools } = await serve({ wholeBytes: SIZE_BYTES, pieceBytes: 4 * PIECE_BYTES });
    await silentReader(port);
    await until(() => pools.whole.inUseBytes > 0);
    const bodies = await Promise.all([bodyOf(url), bodyOf(url), bodyOf(url)]);
    expect(bodies.map((body) => body.equals(content))).toEqual([true, true, true]);
    await until(() => pools.pieces.inUseBytes === 0);
  });

  test("refuses with 503 and Retry-After when all memory is lent", async () => {
    const { url, port, pools } = await serve({ wholeBytes: SIZE_BYTES, pieceBytes: PIECE_BYTES });
    await silentReader(port);
    await until(() => pools.whole.inUseBytes > 0);
    await silentReader(port);
    await until(() => pools.pieces.inUseBytes > 0);
    const refused = await fetch(url);
    expect(refused.status).toBe(503);
    expect(refused.headers.get("retry-after")).toBe("1");
  });

  test("ends and returns its memory when the reader goes away while it waits", async () => {
    const { port, pools, sent } = await serve({ wholeBytes: SIZE_BYTES, pieceBytes: PIECE_BYTES });
    const whole = await silentReader(port);
    await until(() => pools.whole.inUseBytes > 0);
    const pieces = await silentReader(port);
    await until(() => pools.pieces.inUseBytes > 0);
    whole.destroy();
    pieces.destroy();
    await until(() => sent.length === 2);
    expect(pools.whole.inUseBytes + pools.pieces.inUseBytes).toBe(0);
    for (const bytes of sent) expect(bytes).toBeLessThan(SIZE_BYTES);
  });

  test("cuts the connection when the disk fails in the middle, so that nobody takes it for the whole", async () => {
    const { url, port, pools, sent } = await serve(
      { wholeBytes: SIZE_BYTES, pieceBytes: 4 * PIECE_BYTES },
      async (_, position) => {
        if (position > 0) throw new Error("EIO");
      },
    );
    await silentReader(port);
    await until(() => pools.whole.inUseBytes > 0);
    await expect(bodyOf(url)).rejects.toThrow();
    expect(sent).toEqual([PIECE_BYTES]);
    expect(pools.pieces.inUseBytes).toBe(0);
  });

  test("answers a problem when the disk fails before the first byte", async () => {
    const { url, pools } = await serve({ wholeBytes: SIZE_BYTES, pieceBytes: 0 }, async () => {
      throw new VStackError("corrupt", "Cannot serve the chunk");
    });
    const response = await fetch(url);
    expect(response.status).toBe(502);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(pools.whole.inUseBytes).toBe(0);
  });
});
