/**
 * The built pages: files as they are, the one HTML document for every address that is a page, and the same document with
 * status 404 for the others, which then says so.
 */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Context } from "hono";
import { Hono } from "hono";
import { VStackError } from "#wire/contract/errors.ts";
import { methodNotAllowed } from "#wire/server/method-not-allowed.ts";
import { pageHeaders } from "./page-headers.ts";

/** Addresses that the document knows; `:id` is a video's. */
const PAGES = [/^\/$/, /^\/watch\/[a-z2-7]{26}$/, /^\/(?:upload|devtools|nodes|storage|consensus|chaos|bench)$/];
/** The player alone, for frames in other sites. */
const EMBED = /^\/embed\/[a-z2-7]{26}$/;
const DOCUMENT = "index.html";
/** Segments of plain names: no dot files, no `..`, nothing that a file system reads otherwise. */
const FILE_PATH = /^(?:\/[A-Za-z0-9_@-][A-Za-z0-9_.@-]*)+$/;

/** @param folder of the built pages */
export function staticPages(folder: string): Hono {
  const app = new Hono();
  app.on(["GET", "HEAD"], "*", async (context) => {
    const { path } = context.req;
    const isPage = EMBED.test(path) || PAGES.some((page) => page.test(path));
    if (!isPage && FILE_PATH.test(path)) {
      const answer = await fileAnswer(context, folder, path.slice(1));
      if (answer !== undefined) return answer;
    }
    const wantsPage = context.req.header("accept")?.includes("text/html") ?? false;
    if (!isPage && !wantsPage) throw new VStackError("not-found", `Nothing answers at ${path}`);
    const look = { status: isPage ? 200 : 404, isEmbed: EMBED.test(path) };
    const document = await fileAnswer(context, folder, DOCUMENT, look);
    if (document !== undefined) return document;
    throw new VStackError("unavailable", 'Cannot show the page as the pages are not built: run "npm run build"');
  });
  app.all("*", methodNotAllowed("GET", "HEAD"));
  return app;
}

async function fileAnswer(
  context: Context,
  folder: string,
  file: string,
  { status = 200, isEmbed = false } = {},
): Promise<Response | undefined> {
  const path = join(folder, file);
  const facts = await stat(path).catch(() => undefined);
  if (facts?.isFile() !== true) return undefined;
  const etag = `"${facts.size.toString(36)}-${Math.round(facts.mtimeMs).toString(36)}"`;
  const headers = { ...pageHeaders(file, isEmbed), etag };
  if (status === 200 && context.req.header("if-none-match") === etag)
    return new Response(null, { status: 304, headers });
  const whole = { ...headers, "content-length": String(facts.size) };
  if (context.req.method === "HEAD" || facts.size === 0) return new Response(null, { status, headers: whole });
  return new Response(fileBody(path, facts.size), { status, headers: whole });
}

/** `end` keeps a file that grows meanwhile from breaking its announced length. */
function fileBody(path: string, sizeBytes: number): ReadableStream<Uint8Array> {
  const parts: AsyncIterator<Uint8Array, undefined> = createReadStream(path, { end: sizeBytes - 1 })[
    Symbol.asyncIterator
  ]();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { value } = await parts.next();
      if (value === undefined) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await parts.return?.();
    },
  });
}
