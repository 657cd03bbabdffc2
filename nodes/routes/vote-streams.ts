/**
 * `POST /consensus/stream`: questions to the acceptor as frames (wire/contract/message-stream.ts). Each is voted on as a
 * request of its own would be, and answered when that is durable; answers of one turn share a write.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Context } from "hono";
import { isOver } from "#wire/client/capability.ts";
import type { CapabilityClaims } from "#wire/contract/capability.ts";
import { EntriesRequestSchema, MAX_CONSENSUS_BYTES } from "#wire/contract/consensus-api.ts";
import { errorCode, VStackError } from "#wire/contract/errors.ts";
import { NO_STORE } from "#wire/contract/headers.ts";
import {
  answerLine,
  FRAMES_MEDIA_TYPE,
  MAX_STREAM_MESSAGES,
  type MessageFrame,
  readMessageLine,
  STREAM_IDLE_MS,
} from "#wire/contract/message-stream.ts";
import { ROUTES } from "#wire/contract/paths.ts";
import { LineReader } from "#wire/server/line-reader.ts";
import type { Log } from "#wire/server/log.ts";
import { problemOf } from "#wire/server/problem-handler.ts";
import { parseJson } from "#wire/server/validated.ts";
import { vote, type VotePorts } from "../consensus/vote.ts";
import { type NodeEnv, socketOf } from "./node-env.ts";

/** Streams at once; whoever comes then asks by requests. A cluster has a proposer or two, and each renews its stream. */
export const MAX_STREAMS = 32;

export interface StreamPorts {
  readonly log: Log;
  /** In lab mode: what an emulated network does to each message. */
  readonly passFaults?: (gone: AbortSignal) => Promise<"answered" | "refused">;
  /** The node stops: streams end when what is under way is answered. */
  readonly stopping?: AbortSignal;
  /** Told of each message to the acceptor. */
  readonly messaged?: (by: MessageWay) => void;
}

/** How a message comes: through a stream, to open one, or as a request of its own. */
export const MESSAGE_WAYS = ["stream", "opening", "request"] as const;
export type MessageWay = (typeof MESSAGE_WAYS)[number];

/** Opens streams for whoever has a capability VOTE. */
export type OpenStream = (context: Context<NodeEnv>, claims: CapabilityClaims) => Response;

export function voteStreams(ports: VotePorts & StreamPorts): OpenStream {
  let count = 0;
  return (context, claims) => {
    const { incoming, outgoing } = socketOf(context);
    const isGone = outgoing === undefined || outgoing.destroyed;
    if (incoming === undefined || isGone || ports.stopping?.aborted === true) {
      throw new VStackError("unavailable", "Cannot open a stream here");
    }
    if (count >= MAX_STREAMS) {
      throw new VStackError("too-many-requests", `Cannot open a stream as ${MAX_STREAMS} are open`);
    }
    count += 1;
    void new VoteStream({ incoming, outgoing }, claims, ports).ended.then(() => {
      count -= 1;
    });
    return RESPONSE_ALREADY_SENT;
  };
}

interface Sides {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

class VoteStream {
  readonly ended: Promise<void>;
  readonly #sides: Sides;
  readonly #claims: CapabilityClaims;
  readonly #ports: VotePorts & StreamPorts;
  readonly #gone = new AbortController();
  readonly #reader = new LineReader(MAX_CONSENSUS_BYTES);
  #underWay = 0;
  #isEnding = false;
  /** Answers of this turn. */
  #lines: string[] = [];

  constructor(sides: Sides, claims: CapabilityClaims, ports: VotePorts & StreamPorts) {
    this.#sides = sides;
    this.#claims = claims;
    this.#ports = ports;
    const { incoming, outgoing } = sides;
    const { socket } = incoming;
    const end = () => this.#end();
    this.ended = new Promise((resolve) => {
      outgoing.once("close", () => {
        this.#isEnding = true;
        this.#gone.abort();
        ports.stopping?.removeEventListener("abort", end);
        resolve();
      });
    });
    // The connection carries nothing else, and ends with the stream.
    outgoing.writeHead(200, { "content-type": FRAMES_MEDIA_TYPE, "cache-control": NO_STORE, connection: "close" });
    outgoing.flushHeaders();
    socket.setNoDelay(true);
    socket.setTimeout(STREAM_IDLE_MS, end);
    ports.stopping?.addEventListener("abort", end, { once: true });
    // A break is told by `close` as well.
    incoming.on("error", end);
    outgoing.on("error", end);
    incoming.once("end", end);
    outgoing.on("drain", () => {
      this.#readOrWait();
    });
    incoming.on("data", (part: Buffer) => {
      this.#read(part);
    });
  }

  #read(part: Buffer): void {
    if (this.#isEnding) return;
    try {
      for (const line of this.#reader.push(part)) {
        const frame = readMessageLine(line);
        if (frame === undefined) throw new VStackError("bad-request", "Cannot read a message of the stream");
        void this.#answer(frame);
      }
    } catch {
      // Nobody knows where the next message begins.
      this.#end();
    }
  }

  async #answer({ id, text }: MessageFrame): Promise<void> {
    this.#underWay += 1;
    this.#readOrWait();
    const answer = await this.#vote(text);
    this.#underWay -= 1;
    this.#readOrWait();
    if (answer !== null) this.#send(answerLine({ id, ...answer }));
    if (this.#isEnding && this.#underWay === 0) this.#finish();
  }

  /** Nothing more is read while too much is under way, or whoever asked does not take its answers. */
  #readOrWait(): void {
    const { incoming, outgoing } = this.#sides;
    const mustWait = this.#underWay >= MAX_STREAM_MESSAGES || outgoing.writableNeedDrain;
    if (mustWait === incoming.isPaused()) return;
    if (mustWait) incoming.pause();
    else incoming.resume();
  }

  /** Null when the emulated network lets no answer through. */
  async #vote(text: string): Promise<{ readonly status: number; readonly text: string } | null> {
    const { passFaults, messaged, wallMs } = this.#ports;
    try {
      messaged?.("stream");
      if (isOver(this.#claims, wallMs())) {
        this.#end();
        throw new VStackError("unauthorized", "Cannot vote as the capability of the stream is over");
      }
      if (passFaults !== undefined && (await passFaults(this.#gone.signal)) === "refused") {
        this.#sides.incoming.socket.resetAndDestroy();
        return null;
      }
      const answer = await vote(parseJson(EntriesRequestSchema, text, "message"), this.#ports);
      return { status: 200, text: JSON.stringify(answer) };
    } catch (error) {
      if (errorCode(error) === "internal") this.#ports.log.error({ err: error }, "A vote failed unexpectedly");
      const problem = problemOf(error, ROUTES.consensusStream);
      return { status: problem.status, text: JSON.stringify(problem) };
    }
  }

  #send(line: string): void {
    if (this.#lines.length === 0) {
      process.nextTick(() => {
        const text = this.#lines.join("");
        this.#lines = [];
        if (!this.#sides.outgoing.writableEnded) this.#sides.outgoing.write(text);
        this.#readOrWait();
      });
    }
    this.#lines.push(line);
  }

  /** Reads nothing more, answers what is under way, closes. */
  #end(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    if (this.#underWay === 0) this.#finish();
  }

  #finish(): void {
    // Behind the answers of this turn.
    process.nextTick(() => this.#sides.outgoing.end());
  }
}
