/** Which page an address shows. Pure: the history is in navigation.ts. */
import type { VideoId } from "#core/ids.ts";
import { parseVideoId } from "#core/ids.ts";

export type Route =
  | { readonly page: "library" }
  | { readonly page: "watch"; readonly videoId: VideoId }
  | { readonly page: "devtools" }
  | { readonly page: "not-found"; readonly path: string };

/** Reads a path. A slash at its end is forgiven; a malformed video id is not found rather than asked for. */
export function parseRoute(path: string): Route {
  const [first, second, ...rest] = path.split("/").filter((part) => part !== "");
  if (first === undefined) return { page: "library" };
  if (first === "devtools" && second === undefined) return { page: "devtools" };
  if (first === "watch" && second !== undefined && rest.length === 0) {
    const videoId = parseVideoId(second);
    if (videoId !== undefined) return { page: "watch", videoId };
  }
  return { page: "not-found", path };
}

export const PAGE_PATHS = {
  library: "/",
  devtools: "/devtools",
  watch: (videoId: VideoId) => `/watch/${videoId}`,
} as const;
