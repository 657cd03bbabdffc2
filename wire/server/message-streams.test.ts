import { once } from "node:events";
import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";
import { createServer } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import { answerLine, FRAMES_MEDIA_TYPE, MAX_STREAM_MESSAGES, readMessageLine } from "#wire/contract/message-stream.ts";
import { LineReader } from "./line-reader.ts";
import type { MessageStreams } from "./message-streams.ts";
import { messageStreams } from "./message-streams.ts";

const servers: Server[] = [];
const stopping: AbortController[] = [];
afterEach(async () => {
  for (const each of stopping.splice(0)) each.abort();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    if (server.listening) await once(server.close(), "close");
  }
});

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("No port");
  return `http://127.0.0.1:${address.port}/stream`;
}

interface Heard {
  readonly id: number;
  readonly text: string;
  readonly capability: string;
  readonly answer: (status: number, text: string) => void;
  readonly sides: { readonly incoming: IncomingMessage; readonly outgoing: ServerResponse };
}

/** A server of streams; `heard` is told of each message. */
async function serveStreams(heard: (message: Heard) => void): Promise<string> {
  return await serve((incoming, outgoing) => {
    outgoing.writeHead(200, { "content-type": FRAMES_MEDIA_TYPE });
    outgoing.flushHeaders();
    const reader = new LineReader(1000);
    incoming.once("end", () => outgoing.end());
    incoming.on("data", (part: Buffer) => {
      for (const line of reader.push(part)) {
        const frame = readMessageLine(line);
        if (frame === undefined) throw new Error(`"${line}" is no message`);
        heard({
          ...frame,
          capability: incoming.headers.authorization ?? "",
          answer: (status, text) => outgoing.write(answerLine({ id: frame.id, status, text })),
          sides: { incoming, outgoing },
        });
      }
    });
  });
}

function asking() {
  const stop = new AbortController();
  stopping.push(stop);
  let lateMs = 0;
  const ask = messageStreams({ nowMs: () => performance.now() + lateMs, maxBytes: 1000, signal: stop.signal });
  return {
    ask: (url: string, text: string, { capability = "c", deadlineMs = 5000 } = {}) =>
      ask(url, { text, capability, deadlineMs }),
    stop,
    /** Time passes. */
    pass: (ms: number) => {
      lateMs += ms;
    },
  };
}

/** Asks until a stream takes the message. */
async function streamed(ask: () => ReturnType<MessageStreams>) {
  for (;;) {
    const answer = ask();
    if (answer !== null) return { answer };
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe("messageStreams()", () => {
  test("opens a stream beside the first message, which goes as a request", async () => {
    const url = await serveStreams(({ text, capability, answer }) => {
      answer(200, `${text} with ${capability}`);
    });
    const { ask } = asking();
    expect(ask(url, "first")).toBeNull();
    const { answer } = await streamed(() => ask(url, "second"));
    expect(await answer).toMatchObject({ status: 200, text: "second with Bearer c" });
  });

  test("gives each message its own answer, in whatever order they come", async () => {
    const held: Heard[] = [];
    const url = await serveStreams((message) => {
      held.push(message);
      if (held.length === 4) for (const { text, answer } of held.toReversed()) answer(text === "2" ? 503 : 200, text);
    });
    const { ask } = asking();
    const { answer } = await streamed(() => ask(url, "0"));
    const all = await Promise.all([answer, ...["1", "2", "3"].map((text) => ask(url, text))]);
    expect(all.map((one) => [one?.status, one?.text])).toEqual([
      [200, "0"],
      [200, "1"],
      [503, "2"],
      [200, "3"],
    ]);
  });

  test("takes no more than a stream may have under way", async () => {
    const url = await serveStreams(() => {});
    const { ask } = asking();
    const { answer } = await streamed(() => ask(url, "0"));
    const more = Array.from({ length: MAX_STREAM_MESSAGES }, (_, at) => ask(url, String(at)));
    expect(more.filter((one) => one === null)).toHaveLength(1);
    for (const one of [answer, ...more]) one?.catch(() => {});
  });

  test("tells all that were under way when the stream breaks, and opens another one", async () => {
    let streams = 0;
    const url = await serveStreams(({ text, answer, sides }) => {
      if (text === "break") sides.incoming.socket.destroy();
      else answer(200, text);
      streams += text === "break" ? 1 : 0;
    });
    const { ask } = asking();
    const { answer } = await streamed(() => ask(url, "good"));
    await answer;
    await expect(ask(url, "break")).rejects.toMatchObject({ code: "unreachable" });
    expect(streams).toBe(1);
    const again = await streamed(() => ask(url, "good again"));
    expect(await again.answer).toMatchObject({ text: "good again" });
  });

  test("leaves a stream on which nothing comes back, and keeps one that is slow with a message", async () => {
    const sockets = new Set<unknown>();
    const url = await serveStreams(({ text, answer, sides }) => {
      sockets.add(sides.incoming.socket);
      if (text !== "silence") answer(200, text);
    });
    const { ask } = asking();
    await (await streamed(() => ask(url, "one"))).answer;
    const slow = ask(url, "silence", { deadlineMs: 50 });
    const failed = expect(slow).rejects.toMatchObject({ code: "timeout" });
    await new Promise((resolve) => setTimeout(resolve, 5));
    await ask(url, "between");
    await failed;
    expect(await ask(url, "still there")).toMatchObject({ text: "still there" });
    expect(sockets.size).toBe(1);
    await expect(ask(url, "silence", { deadlineMs: 20 })).rejects.toMatchObject({ code: "timeout" });
    await (await streamed(() => ask(url, "elsewhere"))).answer;
    expect(sockets.size).toBe(2);
  });

  test("asks a server without streams by requests, and tries again after pauses that grow", async () => {
    let asked = 0;
    const url = await serve((_, outgoing) => {
      asked += 1;
      outgoing.writeHead(404).end();
    });
    const { ask, pass } = asking();
    const settled = () => new Promise((resolve) => setTimeout(resolve, 30));
    const tries: number[] = [];
    for (const ms of [0, 0, 101, 101, 101, 10_000]) {
      pass(ms);
      expect(ask(url, "?")).toBeNull();
      await settled();
      tries.push(asked);
    }
    expect(tries).toEqual([1, 1, 2, 2, 3, 4]);
  });

  test("goes on in a new stream when the capability is another, and lets the old one end", async () => {
    const held: Heard[] = [];
    const url = await serveStreams((message) => {
      if (message.text === "old") held.push(message);
      else message.answer(200, message.capability);
    });
    const { ask } = asking();
    await (await streamed(() => ask(url, "begin"))).answer;
    const old = ask(url, "old");
    const { answer } = await streamed(() => ask(url, "new", { capability: "d" }));
    expect(await answer).toMatchObject({ text: "Bearer d" });
    held[0]?.answer(200, "late, and answered");
    expect(await old).toMatchObject({ text: "late, and answered" });
    const { socket } = held[0]?.sides.incoming ?? {};
    if (socket !== undefined && !socket.destroyed) await once(socket, "close");
  });

  test("gives everything up when its program ends", async () => {
    const url = await serveStreams(({ text, answer }) => {
      if (text !== "silence") answer(200, text);
    });
    const { ask, stop } = asking();
    await (await streamed(() => ask(url, "one"))).answer;
    const under = expect(ask(url, "silence")).rejects.toMatchObject({ code: "aborted" });
    stop.abort();
    await under;
    expect(ask(url, "later")).toBeNull();
  });
});
