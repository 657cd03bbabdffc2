/** What pages and their files may do, by header. */
import { IMMUTABLE } from "#wire/contract/headers.ts";

const FRAMES = "frame-ancestors 'self'";
/**
 * `connect-src` is wide as storage nodes are origins that nobody knows before; everything else is ours. Styles of Lit
 * elements and of the player's controls are inline; media plays from `blob:`, and hls.js gives its caption tracks an empty
 * document from `data:`.
 */
const PAGE_CSP = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' blob: data:",
  "media-src 'self' blob: data:",
  "worker-src 'self' blob:",
  "connect-src 'self' http: https:",
  FRAMES,
  "base-uri 'none'",
  "object-src 'none'",
].join("; ");

/** The page of an embedded player is there to be framed; it can do nothing in its visitor's name but play. */
const EMBED_CSP = PAGE_CSP.replace(FRAMES, "frame-ancestors *");

/** A service worker obeys the policy that it was installed with (Service Workers section "Content Security Policy"). */
const WORKER_CSP = "default-src 'none'; connect-src 'self' http: https:; script-src 'self' 'wasm-unsafe-eval'";

/** Vite puts a hash of the content into the names below this folder. */
const HASHED_FOLDER = "assets/";
const WORKER_FILE = "sw.js";

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  mjs: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  json: "application/json",
  map: "application/json",
  webmanifest: "application/manifest+json",
  svg: "image/svg+xml",
  png: "image/png",
  jpg: "image/jpeg",
  webp: "image/webp",
  ico: "image/x-icon",
  woff2: "font/woff2",
  wasm: "application/wasm",
  txt: "text/plain; charset=utf-8",
};

/**
 * @param file path below the folder of pages, with slashes
 * @param isEmbed whether the file is the document of an embedded player
 */
export function pageHeaders(file: string, isEmbed = false): Record<string, string> {
  const type = TYPES[file.slice(file.lastIndexOf(".") + 1)] ?? "application/octet-stream";
  return {
    "content-type": type,
    "cache-control": file.startsWith(HASHED_FOLDER) ? IMMUTABLE : "no-cache",
    "content-security-policy": file === WORKER_FILE ? WORKER_CSP : isEmbed ? EMBED_CSP : PAGE_CSP,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
  };
}
