/**
 * The description of the API: the document as OpenAPI 3.1 makes it from the routes themselves, and a page that shows it. Page
 * and script are served by us; no other host is asked for anything.
 */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { Hono } from "hono";
import { generateSpecs } from "hono-openapi";
import type { OpenAPIV3_1 } from "openapi-types";
import { ROUTES } from "#wire/contract/paths.ts";
import { methodNotAllowed } from "#wire/server/method-not-allowed.ts";
import { VERSION } from "#wire/contract/version.ts";
import { schemaComponents } from "./api-schemas.ts";
import { describe, TAGS } from "./describe.ts";
import { mediaPaths } from "./media-paths.ts";

const SCRIPT_FOR = "public, max-age=86400";
/** The page asks this server alone; its elements style themselves inline. */
const DOCS_CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <link rel="icon" href="data:," />
    <title>V-Stack HTTP API</title>
    <script type="module" src="${ROUTES.docsScript}"></script>
  </head>
  <body style="margin: 0">
    <rapi-doc
      spec-url="${ROUTES.openapi}"
      load-fonts="false"
      render-style="read"
      theme="light"
      show-header="false"
      allow-authentication="true"
      allow-server-selection="false"
      primary-color="#4a4fc4"
      bg-color="#faf9f7"
      text-color="#17191e"
      nav-bg-color="#ffffff"
      nav-text-color="#555b66"
      nav-hover-bg-color="#f1f0ed"
      nav-hover-text-color="#17191e"
      nav-accent-color="#4a4fc4"
      allow-spec-url-load="false"
      allow-spec-file-load="false"
      regular-font="system-ui, sans-serif"
      mono-font="ui-monospace, monospace"
    ></rapi-doc>
  </body>
</html>
`;

/** @param described the app whose routes are in the document, these ones included */
export function docsRoutes(described: Hono): Hono {
  const app = new Hono();
  let document: Promise<OpenAPIV3_1.Document> | undefined;
  let script: Promise<Uint8Array<ArrayBuffer>> | undefined;

  const openapiWords = {
    ...({ tag: "documents", summary: "This document" } as const),
    answers: { 200: { says: "OpenAPI 3.1", type: "application/json" } },
  };
  app.get(ROUTES.openapi, describe(openapiWords), async (context) => {
    document ??= apiDocument(described);
    return context.json(await document);
  });

  const pageWords = {
    ...({ tag: "documents", summary: "A page that shows this document" } as const),
    answers: { 200: { says: "The page", type: "text/html" } },
  };
  app.get(ROUTES.docs, describe(pageWords), (context) => {
    context.header("content-security-policy", DOCS_CSP);
    context.header("referrer-policy", "no-referrer");
    return context.html(PAGE);
  });

  const scriptWords = {
    ...({ tag: "documents", summary: "The script of that page (RapiDoc)" } as const),
    answers: { 200: { says: "The script", type: "text/javascript" } },
  };
  app.get(ROUTES.docsScript, describe(scriptWords), async (context) => {
    script ??= readFile(createRequire(import.meta.url).resolve("rapidoc")).then((bytes) => new Uint8Array(bytes));
    const headers = { "content-type": "text/javascript; charset=utf-8", "cache-control": SCRIPT_FOR };
    return context.body(await script, 200, headers);
  });

  for (const path of [ROUTES.openapi, ROUTES.docs, ROUTES.docsScript]) app.all(path, methodNotAllowed("GET", "HEAD"));
  return app;
}

async function apiDocument(described: Hono): Promise<OpenAPIV3_1.Document> {
  const tags = Object.entries(TAGS).map(([name, description]) => ({ name, description }));
  return await generateSpecs(described, {
    excludeStaticFile: false,
    excludeMethods: [],
    documentation: {
      info: {
        title: "V-Stack",
        version: VERSION,
        description:
          "The metadata server: library, uploads, media, cluster. Every failure is a problem document (RFC 9457) whose `type` is `urn:vstack:problem:<code>`. Writes from pages of other origins are refused; programs need no sign-in.",
      },
      servers: [{ url: "/" }],
      tags,
      paths: mediaPaths(),
      components: {
        schemas: schemaComponents(),
        securitySchemes: {
          capability: {
            type: "http",
            scheme: "bearer",
            description: "Made from the cluster key by `vstack token`; `?capability=` does as well",
          },
        },
      },
    },
  });
}
