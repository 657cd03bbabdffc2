/** Opens a port for a Hono app, says clearly when it is taken, and closes without cutting answers short. */
import { createAdaptorServer } from "@hono/node-server";
import { invariant } from "#core/invariant.ts";
import { VStackError } from "#wire/contract/errors.ts";

/**
 * Node would cut any request that takes longer than five minutes, also an upload that makes progress. Slow bodies are the
 * routes' business, with deadlines on progress.
 */
const REQUEST_TIMEOUT_MS = 0;
/** Slow headers end here. Named, as Node would take 0 from the line above. */
const HEADERS_TIMEOUT_MS = 60_000;
/** Longer than any pause of a player between two segments, so that connections stay warm. */
const KEEP_ALIVE_MS = 65_000;
/** Answers under way may take this long to end when the program stops. */
const DRAIN_MS = 2_000;
/** While stopping, how often connections whose answer has ended are closed: Node does it only once, when it is told. */
const IDLE_SWEEP_MS = 20;

/** A Hono app of any bindings. */
interface App {
  fetch(request: Request, env: object): Response | Promise<Response>;
}

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
export async function listen(app: App, address: { host: string; port: number }): Promise<Listening> {
  const server = createAdaptorServer({
    fetch: (request, env) => app.fetch(request, env),
    serverOptions: {
      keepAliveTimeout: KEEP_ALIVE_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      headersTimeout: HEADERS_TIMEOUT_MS,
    },
  });
  await new Promise<void>((resolve, reject) => {
    const refuse = (cause: NodeJS.ErrnoException) => {
      reject(listenError(cause, address));
    };
    server.once("error", refuse);
    server.listen(address.port, address.host, () => {
      server.off("error", refuse);
      resolve();
    });
  });
  const bound = server.address();
  invariant(bound !== null && typeof bound === "object", "A listening TCP server has no address");
  return {
    host: address.host,
    port: bound.port,
    close: () =>
      new Promise((resolve) => {
        const cut = setTimeout(() => {
          if ("closeAllConnections" in server) server.closeAllConnections();
        }, DRAIN_MS);
        const sweep = setInterval(() => {
          if ("closeIdleConnections" in server) server.closeIdleConnections();
        }, IDLE_SWEEP_MS);
        server.close(() => {
          clearTimeout(cut);
          clearInterval(sweep);
          resolve();
        });
      }),
  };
}

function listenError(cause: NodeJS.ErrnoException, { host, port }: { host: string; port: number }): VStackError {
  if (cause.code === "EADDRINUSE") {
    return new VStackError(
      "conflict",
      `Cannot listen on ${host}:${port} as the port is taken: stop what uses it or choose another with --port`,
      { cause },
    );
  }
  if (cause.code === "EACCES") {
    return new VStackError(
      "forbidden",
      `Cannot listen on ${host}:${port} as this user may not: choose a port above 1023`,
      { cause },
    );
  }
  return new VStackError("unavailable", `Cannot listen on ${host}:${port}: ${cause.message}`, { cause });
}
