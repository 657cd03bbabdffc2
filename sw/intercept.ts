/**
 * Is this request ours? Answered in the same tick and without a promise, since `respondWith` must be called before the
 * fetch event returns. What is not ours is never touched: the browser sends it as if there were no worker.
 *
 * Everything that the worker must know about the player stands in the address: a worker that was killed a second ago
 * remembers nobody.
 */
import type { MediaAddress } from "#wire/contract/paths.ts";
import { parseMediaPath, QUERY } from "#wire/contract/paths.ts";
import type { StrategyName } from "#wire/contract/segment-trace.ts";
import { STRATEGIES } from "#wire/contract/segment-trace.ts";

/** Session of an asker that gave no name: another player, a link, `curl` in the page. */
const DEFAULT_SESSION = "default";
const DEFAULT_STRATEGY: StrategyName = "smart";
/** Names of sessions and requests travel in queries and messages and are kept in traces; longer ones count as none. */
const MAX_NAME_CHARACTERS = 64;

/** One request of a player. */
export interface MediaRequest {
  readonly address: MediaAddress;
  /** Path without query; the same address asks the gateway. */
  readonly path: string;
  readonly session: string;
  readonly strategy: StrategyName;
  /** Name of this request, by which a message may abort it; null when it has none. */
  readonly request: string | null;
  /** The `Range` header as it came. */
  readonly range: string | null;
  /** What the player believes the network to carry; null when it did not say. */
  readonly bitsPerSecond: number | null;
}

/** What the worker looks at. */
export interface SeenRequest {
  readonly url: string;
  readonly method: string;
  /** `navigate` when the browser opens a page. */
  readonly mode: string;
  readonly headers: { get(name: string): string | null };
}

/**
 * The media request that this is, or undefined when the worker must leave it alone.
 *
 * @param origin the worker's own, for example `http://127.0.0.1:8080`
 */
export function intercept(seen: SeenRequest, origin: string): MediaRequest | undefined {
  if (seen.method !== "GET" || seen.mode === "navigate") return undefined;
  if (!seen.url.startsWith(`${origin}/media/`)) return undefined;
  const url = new URL(seen.url);
  if (url.searchParams.get(QUERY.via) === "gateway") return undefined;
  const address = parseMediaPath(url.pathname);
  if (address === undefined) return undefined;
  return {
    address,
    path: url.pathname,
    session: nameIn(url, QUERY.session) ?? DEFAULT_SESSION,
    strategy: STRATEGIES.find((name) => name === url.searchParams.get(QUERY.strategy)) ?? DEFAULT_STRATEGY,
    request: nameIn(url, QUERY.request),
    range: seen.headers.get("range"),
    bitsPerSecond: countIn(url, QUERY.bandwidth),
  };
}

function countIn(url: URL, parameter: string): number | null {
  const digits = url.searchParams.get(parameter) ?? "";
  return /^[0-9]{1,12}$/.test(digits) ? Number(digits) : null;
}

function nameIn(url: URL, parameter: string): string | null {
  const name = url.searchParams.get(parameter);
  return name === null || name === "" || name.length > MAX_NAME_CHARACTERS ? null : name;
}
