/** What Hono hands to our routes: Node's request and response when there is a socket, nothing in tests without one. */
import type { HttpBindings } from "@hono/node-server";
import type { Context } from "hono";

export interface NodeEnv {
  Bindings: Partial<HttpBindings>;
}

/** Node's side of a request. Hono promises an object; `app.request()` without a socket gives undefined. */
export function socketOf(context: Context<NodeEnv>): Partial<HttpBindings> {
  return orNothing(context.env);
}

function orNothing(bindings: Partial<HttpBindings> | undefined): Partial<HttpBindings> {
  return bindings ?? {};
}
