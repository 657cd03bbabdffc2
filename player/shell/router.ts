/** Which page an address shows. Pure: the history is in navigation.ts. */
import type { VideoId } from "#core/ids.ts";
import { parseVideoId } from "#core/ids.ts";

export type Route =
  | { readonly page: "library" }
  | { readonly page: "watch"; readonly videoId: VideoId }
  /** The player alone, for other people's pages. */
  | { readonly page: "embed"; readonly videoId: VideoId }
  | { readonly page: "upload" }
  | { readonly page: "devtools" }
  /** Storage nodes as they are now. */
  | { readonly page: "nodes" }
  /** Where the bytes are, and in which form. */
  | { readonly page: "storage" }
  /** Emulated networks, of a lab cluster. */
  | { readonly page: "chaos" }
  /** Benchmarks of this machine, of a lab cluster. */
  | { readonly page: "bench" }
  /** ChunkPaxos, simulated and live. */
  | { readonly page: "consensus" }
  | { readonly page: "not-found"; readonly path: string };

/** Pages whose address is one word. */
const PAGES_ALONE = ["devtools", "upload", "nodes", "storage", "chaos", "bench", "consensus"] as const;

/** Reads a path. A slash at its end is forgiven; a malformed video id is not found rather than asked for. */
export function parseRoute(path: string): Route {
  const [first, second, ...rest] = path.split("/").filter((part) => part !== "");
  if (first === undefined) return { page: "library" };
  const alone = PAGES_ALONE.find((page) => page === first);
  if (alone !== undefined && second === undefined) return { page: alone };
  if ((first === "watch" || first === "embed") && second !== undefined && rest.length === 0) {
    const videoId = parseVideoId(second);
    if (videoId !== undefined) return { page: first, videoId };
  }
  return { page: "not-found", path };
}

export const PAGE_PATHS = {
  library: "/",
  upload: "/upload",
  devtools: "/devtools",
  nodes: "/nodes",
  storage: "/storage",
  chaos: "/chaos",
  bench: "/bench",
  consensus: "/consensus",
  watch: (videoId: VideoId) => `/watch/${videoId}`,
} as const;
