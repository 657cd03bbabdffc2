/**
 * Writes from pages of other origins are refused. This server has no sign-in, so any page that a person opens could otherwise
 * upload or delete in their name. A browser sends `Origin` with every write (Fetch standard section 3.1); programs send none.
 */
import type { MiddlewareHandler } from "hono";
import { VStackError } from "#wire/contract/errors.ts";

const READS: readonly string[] = ["GET", "HEAD", "OPTIONS"];

export const sameOriginWrites: MiddlewareHandler = async (context, next) => {
  const { method } = context.req;
  const origin = context.req.header("origin");
  if (!READS.includes(method) && origin !== undefined && hostOf(origin) !== context.req.header("host")) {
    throw new VStackError(
      "forbidden",
      `Cannot ${method} from a page of ${origin.slice(0, 128)}: open this server's own pages`,
    );
  }
  await next();
};

/** Host and port as a Host header has them; undefined for `null` and everything else that is no web origin. */
function hostOf(origin: string): string | undefined {
  return /^https?:\/\//.test(origin) && URL.canParse(origin) ? new URL(origin).host : undefined;
}
