/** What Hono hands to our routes: Node's request and response when there is a socket, nothing in tests without one. */
import type { HttpBindings } from "@hono/node-server";

export interface NodeEnv {
  Bindings: Partial<HttpBindings>;
}
