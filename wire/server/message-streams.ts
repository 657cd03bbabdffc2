/**
 * The asking end of kept streams (wire/contract/message-stream.ts): one to each address, opened beside the first message and
 * used from then on. What cannot go through a stream, as there is none yet, or it is full, goes as a request of its own; so
 * nothing ever waits for a stream, and a server that has none is asked as before.
 */
import type { ClientRequest, IncomingMessage } from "node:http";
import { request as httpRequest } from "node:http";
import { VStackError } from "#wire/contract/errors.ts";
import type { AnswerFrame } from "#wire/contract/message-stream.ts";
import {
  FRAMES_MEDIA_TYPE,
  MAX_STREAM_MESSAGES,
  messageLine,
  readAnswerLine,
  STREAM_IDLE_MS,
} from "#wire/contract/message-stream.ts";
import { LineReader } from "./line-reader.ts";

/** A server that takes longer to open a stream is asked by requests. */
const OPEN_DEADLINE_MS = 3_000;
/** Pauses between attempts to open a stream: the first, doubled after each failure, and the longest. */
const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 30_000;
/** Bytes that wait for a slow connection; what comes then goes as a request. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
/** Addresses that have a stream or a pause; others are asked by requests. A cluster has some dozens of nodes. */
const MAX_WAYS = 256;

export interface StreamedMessage {
  /** Body of the request that it would be, without a line feed. */
  readonly text: string;
  /** A stream is opened with it, and used as long as messages bring the same one. */
  readonly capability: string;
  /** Until the answer is there. */
  readonly deadlineMs: number;
}

type Answer = Pick<AnswerFrame, "status" | "text">;

/**
 * Sends a message to the stream at `url`.
 *
 * @returns null when it has to go as a request. The promise rejects with VStackError `timeout`, `unreachable` when the stream
 *   breaks, `aborted`
 */
export type MessageStreams = (url: string, message: StreamedMessage) => Promise<Answer> | null;

export interface MessageStreamsOptions {
  readonly nowMs: () => number;
  /** Longest answer. */
  readonly maxBytes: number;
  /** Ends all streams, and whatever is under way. */
  readonly signal: AbortSignal;
}

interface Way {
  stream: MessageStream | null;
  /** Attempts in a row after which no message was answered. */
  failures: number;
  /** When the next attempt may begin. */
  notBeforeMs: number;
}

export function messageStreams(options: MessageStreamsOptions): MessageStreams {
  const { nowMs, signal } = options;
  const ways = new Map<string, Way>();
  const wayTo = (url: string): Way | null => {
    const known = ways.get(url);
    if (known !== undefined) return known;
    if (!url.startsWith("http://")) return null;
    if (ways.size >= MAX_WAYS) {
      // Nodes move, and nobody says that an address is of no use any more.
      const unused = [...ways].find(([, { stream }]) => stream === null);
      if (unused === undefined) return null;
      ways.delete(unused[0]);
    }
    const way: Way = { stream: null, failures: 0, notBeforeMs: 0 };
    ways.set(url, way);
    return way;
  };
  const open = (url: string, capability: string, way: Way) => {
    const stream = new MessageStream(url, capability, options);
    way.stream = stream;
    void stream.ended.then((wasUseful) => {
      way.failures = wasUseful ? 0 : way.failures + 1;
      way.notBeforeMs = wasUseful ? 0 : nowMs() + Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (way.failures - 1));
      if (way.stream !== stream) return;
      way.stream = null;
      if (wasUseful) ways.delete(url);
    });
  };
  return (url, message) => {
    if (signal.aborted) return null;
    const way = wayTo(url);
    if (way === null) return null;
    if (way.stream !== null && way.stream.capability !== message.capability) {
      way.stream.retire();
      way.stream = null;
    }
    if (way.stream === null && nowMs() >= way.notBeforeMs) open(url, message.capability, way);
    return way.stream?.send(message) ?? null;
  };
}

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: VStackError) => void;
  readonly timer: ReturnType<typeof setTimeout>;
}

class MessageStream {
  readonly capability: string;
  /** Whether any message was answered. */
  readonly ended: Promise<boolean>;
  readonly #url: string;
  readonly #request: ClientRequest;
  readonly #options: MessageStreamsOptions;
  readonly #waiting = new Map<number, Waiting>();
  /** Lines of this turn. */
  #lines: string[] = [];
  #state: "opening" | "open" | "retired" | "ended" = "opening";
  #lastId = 0;
  #heardMs = -Infinity;
  #end: (wasUseful: boolean) => void = () => {};

  constructor(url: string, capability: string, options: MessageStreamsOptions) {
    this.#url = url;
    this.capability = capability;
    this.#options = options;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    const headers = { authorization: `Bearer ${capability}`, "content-type": FRAMES_MEDIA_TYPE };
    // No agent: the connection is this stream's alone, and ends with it.
    const request = httpRequest(url, { method: "POST", agent: false, headers, signal: options.signal });
    this.#request = request;
    const opening = setTimeout(() => {
      this.#break();
    }, OPEN_DEADLINE_MS);
    request.setNoDelay(true);
    request.once("response", (incoming) => {
      clearTimeout(opening);
      this.#begin(incoming);
    });
    // What an error says is said by what follows: a closed stream.
    request.on("error", () => {});
    request.once("close", () => {
      clearTimeout(opening);
      this.#close();
    });
    request.flushHeaders();
  }

  /** Null when it is not open, or full. */
  send({ text, deadlineMs }: StreamedMessage): Promise<Answer> | null {
    const isFull = this.#waiting.size >= MAX_STREAM_MESSAGES || this.#request.writableLength > MAX_WAITING_BYTES;
    if (this.#state !== "open" || isFull) return null;
    this.#lastId += 1;
    const id = this.#lastId;
    if (this.#lines.length === 0) setImmediate(() => this.#flush());
    this.#lines.push(messageLine({ id, text }));
    const sentMs = this.#options.nowMs();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new VStackError("timeout", `Cannot ask ${this.#url} as no answer came within ${deadlineMs} ms`));
        // Nothing at all came since: the other end hangs or is gone, and a new connection may find another one there.
        if (this.#heardMs < sentMs) this.#break();
        else this.#endWhenDone();
      }, deadlineMs);
      this.#waiting.set(id, { resolve, reject, timer });
    });
  }

  /** Takes no more messages, and ends when what is under way is answered. */
  retire(): void {
    if (this.#state === "opening") this.#break();
    if (this.#state !== "open") return;
    this.#state = "retired";
    this.#endWhenDone();
  }

  #begin(incoming: IncomingMessage): void {
    const type = incoming.headers["content-type"];
    if (incoming.statusCode !== 200 || type !== FRAMES_MEDIA_TYPE || this.#state !== "opening") {
      this.#break();
      return;
    }
    this.#state = "open";
    const reader = new LineReader(this.#options.maxBytes);
    incoming.socket.setTimeout(STREAM_IDLE_MS, () => {
      this.#break();
    });
    incoming.on("data", (part: Buffer) => {
      this.#heardMs = this.#options.nowMs();
      try {
        for (const line of reader.push(part)) this.#hear(line);
      } catch {
        this.#break();
      }
    });
    incoming.once("end", () => {
      this.#break();
    });
    // What an error says is said by what follows, here as well.
    incoming.on("error", () => {});
  }

  #hear(line: string): void {
    const frame = readAnswerLine(line);
    if (frame === undefined) throw new VStackError("bad-answer", `Cannot read what ${this.#url} says`);
    const waiting = this.#waiting.get(frame.id);
    // Nobody waits any more for what comes behind its deadline.
    if (waiting === undefined) return;
    this.#waiting.delete(frame.id);
    clearTimeout(waiting.timer);
    waiting.resolve(frame);
    this.#endWhenDone();
  }

  #flush(): void {
    const text = this.#lines.join("");
    this.#lines = [];
    if (this.#state === "open" || this.#state === "retired") this.#request.write(text);
  }

  #endWhenDone(): void {
    if (this.#state === "retired" && this.#waiting.size === 0) this.#request.end();
  }

  /** Nothing more is sent; whoever waits is told when the connection is closed. */
  #break(): void {
    this.#state = "ended";
    this.#request.destroy();
  }

  #close(): void {
    this.#state = "ended";
    const isGivenUp = this.#options.signal.aborted;
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(
        isGivenUp
          ? new VStackError("aborted", `Gave up asking ${this.#url}`)
          : new VStackError("unreachable", `Cannot ask ${this.#url} as the stream to it broke`),
      );
    }
    this.#waiting.clear();
    this.#end(this.#heardMs > -Infinity);
  }
}
