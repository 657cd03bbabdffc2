/** Starts the process of links (link-proxy.ts) and tells it what to do. */
import { fork } from "node:child_process";
import * as v from "valibot";
import { VStackError } from "#wire/contract/errors.ts";
import type { LinkOrder, LinkState } from "./link-proxy.ts";
import { LINK_PROXY, LinkAnswerSchema } from "./link-proxy.ts";

export interface Link {
  /** Where clients connect, on loopback. */
  readonly port: number;
  readonly url: string;
  /** Returns when it is so. */
  change(change: Partial<LinkState>): Promise<void>;
}

export interface Links {
  /** A link to a port of loopback. */
  open(target: number, oneWayMs: number): Promise<Link>;
  stop(): void;
}

/** @param program the `vstack` program */
export function startLinks(program: string): Links {
  const child = fork(program, [LINK_PROXY], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const waiting = new Map<
    number,
    { readonly resolve: (port: number) => void; readonly reject: (error: Error) => void }
  >();
  let orders = 0;
  child.on("message", (message) => {
    const { id, port } = v.parse(LinkAnswerSchema, message);
    waiting.get(id)?.resolve(port);
    waiting.delete(id);
  });
  child.once("exit", () => {
    for (const { reject } of waiting.values()) reject(new VStackError("unavailable", "The process of links has ended"));
  });
  const order = (port: number | null, state: LinkState) =>
    new Promise<number>((resolve, reject) => {
      orders += 1;
      waiting.set(orders, { resolve, reject });
      child.send({ id: orders, port, state } satisfies LinkOrder);
    });
  return {
    async open(target, oneWayMs) {
      let state: LinkState = { target, oneWayMs, holdsRequests: false, holdsAnswers: false };
      const port = await order(null, state);
      return {
        port,
        url: `http://127.0.0.1:${port}`,
        async change(change) {
          state = { ...state, ...change };
          await order(port, state);
        },
      };
    },
    stop() {
      child.kill();
    },
  };
}
