/** Opens a port for a Hono app, says clearly when it is taken, and closes without cutting answers short. */
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import type { Hono } from "hono";
import { VStackError } from "#wire/contract/errors.ts";

/** Longer than any pause of a player between two segments, so that connections stay warm. */
const KEEP_ALIVE_MS = 65_000;
/** Answers under way may take this long to end when the program stops. */
const DRAIN_MS = 2_000;

export interface Listening {
  readonly host: string;
  readonly port: number;
  /** Stops taking connections, lets answers end, cuts what is left after two seconds. */
  close(): Promise<void>;
}

/**
 * @param port 0 asks the system for a free one
 * @throws VStackError `conflict` when the port is taken, `forbidden` when it may not be opened
 */
export async function listen(app: { fetch: Hono["fetch"] }, address: { host: string; port: number }): Promise<Listening> {
  const server = createAdaptorServer({ fetch: app.fetch, serverOptions: { keepAliveTimeout: KEEP_ALIVE_MS } });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      reject(listenError(cause, address));
    });
    server.listen(address.port, address.host, resolve);
  });
  const bound = server.address() as AddressInfo;
  return {
    host: address.host,
    port: bound.port,
    close: () =>
      new Promise((resolve) => {
        const cut = setTimeout(() => {
          if ("closeAllConnections" in server) server.closeAllConnections();
        }, DRAIN_MS);
        server.close(() => {
          clearTimeout(cut);
          resolve();
        });
        if ("closeIdleConnections" in server) server.closeIdleConnections();
      }),
  };
}

function listenError(cause: NodeJS.ErrnoException, { host, port }: { host: string; port: number }): VStackError {
  if (cause.code === "EADDRINUSE") {
    return new VStackError("conflict", `Cannot listen on ${host}:${port} as the port is taken: stop what uses it or choose another with --port`, { cause });
  }
  if (cause.code === "EACCES") {
    return new VStackError("forbidden", `Cannot listen on ${host}:${port} as this user may not: choose a port above 1023`, { cause });
  }
  return new VStackError("unavailable", `Cannot listen on ${host}:${port}: ${cause.message}`, { cause });
}
