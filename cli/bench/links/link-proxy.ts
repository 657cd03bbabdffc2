/**
 * Links with a round trip, and links that are cut: a process of its own between clients and servers on loopback. It passes the
 * bytes of TCP connections on, each after its time on the way and in their order; a held direction passes nothing until it is
 * let go. Making a connection takes no time on the way, ending one does.
 *
 * It is told what to do by its parent over IPC, and ends with it.
 */
import type { Server, Socket } from "node:net";
import { connect, createServer } from "node:net";
import * as v from "valibot";

/** The hidden command of the process. */
export const LINK_PROXY = "bench-links";
/** Undelivered bytes of one direction of one connection; then its sender has to wait. */
const MAX_UNDERWAY_BYTES = 8 * 1024 * 1024;
const LOOPBACK = "127.0.0.1";

const LinkSchema = v.object({
  /** Port of the server on loopback. */
  target: v.number(),
  /** Time on the way in each direction, milliseconds. */
  oneWayMs: v.number(),
  /** Directions that pass nothing. */
  holdsRequests: v.boolean(),
  holdsAnswers: v.boolean(),
});
export type LinkState = v.InferOutput<typeof LinkSchema>;

/** A new link, or another state of the one that listens on `port`. */
const OrderSchema = v.object({ id: v.number(), port: v.nullable(v.number()), state: LinkSchema });
export type LinkOrder = v.InferOutput<typeof OrderSchema>;
export const LinkAnswerSchema = v.object({ id: v.number(), port: v.number() });

/** Serves the parent until it is gone. */
export function serveLinks(): void {
  const links = new Map<number, { state: LinkState; readonly pipes: Set<Pipe>; readonly server: Server }>();
  process.on("message", (message) => {
    const { id, port, state } = v.parse(OrderSchema, message);
    const known = port === null ? undefined : links.get(port);
    if (port !== null && known !== undefined) {
      known.state = state;
      for (const pipe of known.pipes) pipe.look();
      process.send?.({ id, port });
      return;
    }
    const pipes = new Set<Pipe>();
    const server = createServer((client) => {
      const now = () => links.get(boundPort(server))?.state ?? state;
      const upstream = connect(now().target, LOOPBACK);
      const both = [
        new Pipe(
          client,
          upstream,
          () => now().oneWayMs,
          () => now().holdsRequests,
        ),
        new Pipe(
          upstream,
          client,
          () => now().oneWayMs,
          () => now().holdsAnswers,
        ),
      ];
      for (const pipe of both) pipes.add(pipe);
      for (const [at, socket] of [client, upstream].entries()) {
        socket.setNoDelay(true);
        // A reset is a close, too.
        socket.on("error", () => undefined);
        socket.on("close", () => {
          both[at]?.end();
          if (client.closed && upstream.closed) for (const pipe of both) pipes.delete(pipe);
        });
      }
    });
    server.listen(0, LOOPBACK, () => {
      links.set(boundPort(server), { state, pipes, server });
      process.send?.({ id, port: boundPort(server) });
    });
  });
  process.once("disconnect", () => process.exit(0));
}

function boundPort(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** One direction of one connection. */
class Pipe {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #oneWayMs: () => number;
  readonly #isHeld: () => boolean;
  readonly #underway: { readonly dueMs: number; readonly bytes: Buffer }[] = [];
  #underwayBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #hasEnded = false;

  constructor(from: Socket, to: Socket, oneWayMs: () => number, isHeld: () => boolean) {
    this.#from = from;
    this.#to = to;
    this.#oneWayMs = oneWayMs;
    this.#isHeld = isHeld;
    from.on("data", (bytes: Buffer) => {
      this.#underway.push({ dueMs: performance.now() + this.#oneWayMs(), bytes });
      this.#underwayBytes += bytes.length;
      if (this.#underwayBytes > MAX_UNDERWAY_BYTES) from.pause();
      this.look();
    });
  }

  /** Nothing more comes; what is under way still arrives. */
  end(): void {
    this.#hasEnded = true;
    this.look();
  }

  /** Delivers what is due. */
  look(): void {
    if (this.#isHeld()) return;
    const nowMs = performance.now();
    let first = this.#underway[0];
    while (first !== undefined && first.dueMs <= nowMs) {
      this.#to.write(first.bytes);
      this.#underwayBytes -= first.bytes.length;
      this.#underway.shift();
      first = this.#underway[0];
    }
    if (this.#from.isPaused() && this.#underwayBytes <= MAX_UNDERWAY_BYTES) this.#from.resume();
    if (first === undefined) {
      if (this.#hasEnded) this.#to.destroySoon();
      return;
    }
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.look();
    }, first.dueMs - nowMs);
  }
}
