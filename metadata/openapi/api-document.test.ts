/** The document of the API is true: it names every route, and the running server answers every example as it says. */
import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import * as v from "valibot";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { parseVideoId } from "#core/ids.ts";
import { groupOfVideo } from "#core/placement/groups.ts";
import { mintCapability, importClusterKey } from "#wire/client/capability.ts";
import { ROUTES } from "#wire/contract/paths.ts";
import type { ChunkServers } from "../chunk-servers.contract.ts";
import { chunkServers } from "../chunk-servers.contract.ts";
import { present } from "../placement/placement-register.contract.ts";
import type { TestServer } from "../test-server.contract.ts";
import { CLUSTER_KEY_TEXT, DEMO_240P, removeFolder, startTestServer, TUS } from "../test-server.contract.ts";

/** Real packaging on a machine that others share. */
vi.setConfig({ testTimeout: 30_000, hookTimeout: 60_000 });

const METHODS = ["get", "head", "post", "patch", "put", "delete", "options"] as const;
const ContentSchema = v.optional(v.record(v.string(), v.looseObject({ schema: v.optional(v.unknown()) })));
const AnswerSchema = v.looseObject({
  description: v.string(),
  headers: v.optional(v.record(v.string(), v.unknown())),
  content: ContentSchema,
});
const OperationSchema = v.looseObject({
  summary: v.string(),
  operationId: v.string(),
  responses: v.record(v.string(), AnswerSchema),
});
const DocumentSchema = v.looseObject({
  openapi: v.literal("3.1.0"),
  paths: v.record(v.string(), v.record(v.string(), OperationSchema)),
  components: v.looseObject({ schemas: v.record(v.string(), v.record(v.string(), v.unknown())) }),
});
type Operation = v.InferOutput<typeof OperationSchema>;

let nodes: ChunkServers;
let server: TestServer;
let videoId: string;
let document: v.InferOutput<typeof DocumentSchema>;
let raw: Record<string, unknown>;

beforeAll(async () => {
  nodes = chunkServers(3);
  server = await startTestServer(nodes, { lab: true });
  const id = await server.uploadFile(DEMO_240P, { filename: "demo.mp4", title: "The demo" });
  videoId = present((await server.until(id, ({ phase }) => phase === "ready")).videoId);
  raw = v.parse(v.record(v.string(), v.unknown()), await server.json(ROUTES.openapi));
  document = v.parse(DocumentSchema, raw);
});
afterAll(async () => {
  await server.stop();
  removeFolder(server.folder);
});

/** `get /api/videos/{videoId}`, as the document spells it. */
function operations(): string[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.keys(item)
      .filter((method) => METHODS.some((one) => one === method))
      .map((method) => `${method} ${path}`),
  );
}

function operationOf(name: string): Operation {
  const [method = "", path = ""] = name.split(" ");
  return present(document.paths[path]?.[method]);
}

describe("the document of the API", () => {
  it("is valid OpenAPI 3.1", async () => {
    const result = await new Validator().validate(structuredClone(raw));
    expect(result.errors).toBeUndefined();
    expect(result.valid).toBe(true);
  });

  it("names every route of the server", () => {
    const routes = server.app.routes
      .filter(({ method, path }) => method !== "ALL" && !path.includes("*"))
      .map(({ method, path }) => `${method.toLowerCase()} ${path.replaceAll(/:(\w+)/g, "{$1}")}`);
    expect([...new Set(routes)].filter((route) => !operations().includes(route))).toEqual([]);
    expect(routes.length).toBeGreaterThan(20);
  });

  it("gives every operation a name of its own", () => {
    const ids = operations().map((name) => operationOf(name).operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("says what every parameter in a path is", () => {
    for (const [path, item] of Object.entries(document.paths)) {
      const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      for (const operation of Object.values(item)) {
        const said = v.parse(
          v.optional(v.array(v.looseObject({ name: v.string(), in: v.string() })), []),
          operation["parameters"],
        );
        expect(said.filter((one) => one.in === "path").map(({ name }) => name)).toEqual(names);
      }
    }
  });
});

interface Example {
  readonly path: string;
  readonly init?: RequestInit;
  readonly status: number;
}

const REDUNDANCY_READS = [
  ...[ROUTES.redundancyConfig, ROUTES.redundancyVideo, ROUTES.redundancyRecommendation, ROUTES.redundancyDecisions],
  ...[ROUTES.redundancyEfficiency, ROUTES.redundancyQueue],
  ...[ROUTES.storageOverhead, ROUTES.storageVideos, ROUTES.chunkMap],
];

/** One for each operation, and some ways to fail; run in this order. */
async function examples(): Promise<[operation: string, example: Example][]> {
  const video = `/api/videos/${videoId}`;
  const json = (value: unknown) => ({ method: "POST", body: JSON.stringify(value) });
  const heartbeat = nodes.heartbeat(present(nodes.servers[0]));
  const key = await importClusterKey(CLUSTER_KEY_TEXT);
  const grant = { method: "HEARTBEAT", subject: "node-1", nowMs: Date.now() } as const;
  const authorization = `Bearer ${await mintCapability(key, grant)}`;
  const filename = `filename ${Buffer.from("film.mp4").toString("base64")}`;
  const create = { method: "POST", headers: { ...TUS, "upload-length": "4", "upload-metadata": filename } };
  const upload = async () => present((await server.app.request("/api/uploads", create)).headers.get("location"));
  const [one, two] = [await upload(), await upload()];
  const broken = await server.upload(new TextEncoder().encode("no film at all"));
  const failed = present((await server.until(broken, ({ phase }) => phase === "failed")).videoId);
  const append = { ...TUS, "content-type": "application/offset+octet-stream" };
  // Of no group that a video here has: a position in one of those is answered, with nothing at it.
  const needed = [videoId, failed].map((id) => groupOfVideo(present(parseVideoId(id))));
  const ids = ["b", "c", "d", "e", "f"].map((letter) => letter.repeat(26));
  const nobody = present(ids.find((id) => !needed.includes(groupOfVideo(present(parseVideoId(id))))));
  const example = document.paths[ROUTES.labNetwork]?.["put"]?.["requestBody"];
  const network = { method: "PUT", body: JSON.stringify(present(exampleOf(example))).replace("n1", "node-1") };
  const gone = { method: "DELETE" };
  const positions = (position: string) => `/api/consensus/positions/${encodeURIComponent(position)}`;
  return [
    ["get /api/videos", { path: "/api/videos?search=demo&sort=views&limit=1", status: 200 }],
    ["get /api/videos", { path: "/api/videos?limit=0", status: 400 }],
    ["get /api/videos/{videoId}", { path: video, status: 200 }],
    ["get /api/videos/{videoId}", { path: `/api/videos/${failed}`, status: 200 }],
    ["get /api/videos/{videoId}", { path: `/api/videos/${nobody}`, status: 404 }],
    ["patch /api/videos/{videoId}", { path: video, init: { method: "PATCH", body: '{"title":"New"}' }, status: 200 }],
    ["patch /api/videos/{videoId}", { path: video, init: { method: "PATCH", body: '{"title":""}' }, status: 400 }],
    ["get /api/videos/{videoId}/manifest", { path: `${video}/manifest?rendition=240p`, status: 200 }],
    ["get /api/videos/{videoId}/manifest", { path: `${video}/manifest?rendition=none`, status: 404 }],
    ["post /api/videos/{videoId}/views", { path: `${video}/views`, init: json({ viewing: "viewing-1" }), status: 200 }],
    ["get /api/videos/{videoId}/download", { path: `${video}/download`, status: 200 }],
    ["head /api/videos/{videoId}/download", { path: `${video}/download`, init: { method: "HEAD" }, status: 200 }],
    [
      "get /api/videos/{videoId}/download",
      { path: `${video}/download`, init: { headers: { range: "bytes=0-9" } }, status: 206 },
    ],
    ["get /api/videos/{videoId}/download", { path: `/api/videos/${failed}/download`, status: 410 }],
    ["get /media/{videoId}/master.m3u8", { path: `/media/${videoId}/master.m3u8`, status: 200 }],
    ["get /media/{videoId}/poster.jpg", { path: `/media/${videoId}/poster.jpg`, status: 404 }],
    ["get /media/{videoId}/{rendition}/index.m3u8", { path: `/media/${videoId}/240p/index.m3u8`, status: 200 }],
    ["get /media/{videoId}/{rendition}/init.mp4", { path: `/media/${videoId}/240p/init.mp4`, status: 200 }],
    ["get /media/{videoId}/{rendition}/{seq}.m4s", { path: `/media/${videoId}/240p/0.m4s`, status: 200 }],
    ["get /media/{videoId}/{rendition}/0.vtt", { path: `/media/${videoId}/240p/0.vtt`, status: 404 }],
    ["post /api/uploads", { path: "/api/uploads", init: create, status: 201 }],
    ["post /api/uploads", { path: "/api/uploads", init: { method: "POST", headers: { ...TUS } }, status: 400 }],
    ["options /api/uploads", { path: "/api/uploads", init: { method: "OPTIONS" }, status: 204 }],
    ["options /api/uploads/{uploadId}", { path: one, init: { method: "OPTIONS" }, status: 204 }],
    ["get /api/uploads", { path: "/api/uploads", status: 200 }],
    ["head /api/uploads/{uploadId}", { path: one, init: { method: "HEAD", headers: TUS }, status: 200 }],
    [
      "patch /api/uploads/{uploadId}",
      { path: one, init: { method: "PATCH", headers: { ...append, "upload-offset": "0" }, body: "ab" }, status: 204 },
    ],
    [
      "patch /api/uploads/{uploadId}",
      { path: one, init: { method: "PATCH", headers: { ...append, "upload-offset": "0" }, body: "ab" }, status: 409 },
    ],
    ["get /api/uploads/{uploadId}/status", { path: `${one}/status`, status: 200 }],
    ["get /api/uploads/{uploadId}/status", { path: "/api/uploads/nobody/status", status: 404 }],
    ["get /api/uploads/{uploadId}/events", { path: `/api/uploads/${broken}/events`, status: 200 }],
    ["get /api/bench", { path: "/api/bench", status: 200 }],
    ["post /api/bench", { path: "/api/bench", init: json({ mode: "full" }), status: 400 }],
    ["post /api/bench", { path: "/api/bench", init: json({ mode: "smoke" }), status: 202 }],
    ["delete /api/bench", { path: "/api/bench", init: gone, status: 200 }],
    ["get /api/bench/events", { path: "/api/bench/events", status: 200 }],
    ["get /api/bench/reports/{runId}/report.json", { path: "/api/bench/reports/2026/report.json", status: 404 }],
    ["get /api/bench/reports/{runId}/report.html", { path: "/api/bench/reports/2026/report.html", status: 404 }],
    ["post /api/uploads/{uploadId}/retry", { path: `/api/uploads/${broken}/retry`, init: json({}), status: 409 }],
    ["delete /api/uploads/{uploadId}", { path: two, init: { method: "DELETE", headers: TUS }, status: 204 }],
    ["get /api/cluster", { path: "/api/cluster", status: 200 }],
    ["get /api/nodes", { path: "/api/nodes", status: 200 }],
    [
      "post /api/nodes/{nodeId}/heartbeat",
      { path: "/api/nodes/node-1/heartbeat", init: { ...json(heartbeat), headers: { authorization } }, status: 200 },
    ],
    ["post /api/nodes/{nodeId}/heartbeat", { path: "/api/nodes/node-1/heartbeat", init: json(heartbeat), status: 401 }],
    ["get /api/consensus", { path: "/api/consensus", status: 200 }],
    // It would never end: whoever asks has left already.
    ["get /api/consensus/events", { path: ROUTES.consensusEvents, init: { signal: AbortSignal.abort() }, status: 200 }],
    ["get /api/consensus/positions/{position}", { path: positions(`${videoId}/240p/0`), status: 200 }],
    ["get /api/consensus/positions/{position}", { path: positions(`${videoId}/poster`), status: 200 }],
    ["get /api/consensus/positions/{position}", { path: positions("none"), status: 400 }],
    ["get /api/consensus/positions/{position}", { path: positions(`${nobody}/meta`), status: 404 }],
    ["put /api/nodes/{nodeId}/drain", { path: "/api/nodes/node-1/drain", init: { method: "PUT" }, status: 200 }],
    ["put /api/nodes/{nodeId}/drain", { path: "/api/nodes/node-99/drain", init: { method: "PUT" }, status: 404 }],
    ["delete /api/nodes/{nodeId}/drain", { path: "/api/nodes/node-1/drain", init: gone, status: 200 }],
    ["post /api/consensus/rebuild", { path: "/api/consensus/rebuild", init: { method: "POST" }, status: 202 }],
    ["get /api/consensus/rebuild", { path: "/api/consensus/rebuild", status: 200 }],
    ["get /api/lab/network", { path: "/api/lab/network", status: 200 }],
    ["put /api/lab/network", { path: "/api/lab/network", init: network, status: 200 }],
    ["put /api/lab/network", { path: "/api/lab/network", init: { ...network, body: "{}" }, status: 400 }],
    ["delete /api/lab/network", { path: "/api/lab/network?session=player-1", init: gone, status: 200 }],
    ...REDUNDANCY_READS.map((path): [string, Example] => [
      `get ${path.replaceAll(/:(\w+)/g, "{$1}")}`,
      { path: path.replace(":videoId", videoId), status: 200 },
    ]),
    ["put /api/redundancy/config", { path: ROUTES.redundancyConfig, init: { method: "PUT", body: "{}" }, status: 200 }],
    [
      "put /api/redundancy/videos/{videoId}/override",
      { path: `/api/redundancy/videos/${nobody}/override`, init: { method: "PUT", body: '{"form":1}' }, status: 400 },
    ],
    ["post /api/redundancy/repair", { path: ROUTES.redundancyRepair, init: json({}), status: 202 }],
    ["post /api/redundancy/scrub", { path: ROUTES.redundancyScrub, init: json({}), status: 202 }],
    ["post /api/storage/reports", { path: ROUTES.storageReports, init: json({}), status: 400 }],
    ["post /api/lab/pieces", { path: ROUTES.labPieces, init: json({}), status: 400 }],
    ["get /api/events", { path: ROUTES.events, init: { signal: AbortSignal.abort() }, status: 200 }],
    ["get /api/health", { path: "/api/health", status: 200 }],
    ["get /health", { path: "/health", status: 200 }],
    ["get /metrics", { path: "/metrics", status: 200 }],
    ["get /api/openapi.json", { path: "/api/openapi.json", status: 200 }],
    ["get /api/docs", { path: "/api/docs", status: 200 }],
    ["get /api/docs/rapidoc.js", { path: "/api/docs/rapidoc.js", status: 200 }],
    ["delete /api/videos/{videoId}", { path: `/api/videos/${failed}`, init: { method: "DELETE" }, status: 204 }],
    ["delete /api/videos/{videoId}", { path: `/api/videos/${failed}`, init: { method: "DELETE" }, status: 404 }],
  ];
}

/** The example of a request's body, where the document has one. */
function exampleOf(body: unknown): unknown {
  const media = v.object({ content: v.object({ "application/json": v.looseObject({ example: v.unknown() }) }) });
  return v.parse(media, body).content["application/json"].example;
}

describe("the running server", () => {
  it("answers an example of every operation as the document says", async () => {
    const all = await examples();
    expect(operations().filter((name) => !all.some(([operation]) => operation === name))).toEqual([]);
    const check = answerChecker();
    const wrong: unknown[] = [];
    for (const [name, { path, init = {}, status }] of all) {
      const answer = await server.app.request(path, init);
      const isDocument = /json$/.test(answer.headers.get("content-type")?.split(";")[0] ?? "");
      const text = await answer.text();
      const body: unknown = isDocument && text !== "" ? JSON.parse(text) : undefined;
      const problems = check(operationOf(name), answer, { text, body });
      if (answer.status !== status) problems.push(`answers ${answer.status}: ${JSON.stringify(body)}`);
      if (problems.length > 0) wrong.push([name, path, problems]);
    }
    expect(wrong).toEqual([]);
  });

  it("describes a retry that begins by the status that it answers", () => {
    expect(operationOf("post /api/uploads/{uploadId}/retry").responses["202"]?.content).toHaveProperty([
      "application/json",
      "schema",
      "$ref",
    ]);
  });

  it("shows the document on a page of ours that asks nobody else", async () => {
    const page = await server.app.request(ROUTES.docs);
    const html = await page.text();
    expect(html).not.toMatch(/https?:\/\//);
    expect(page.headers.get("content-security-policy")).toMatch(
      /^default-src 'none'; script-src 'self'; .*connect-src 'self'/,
    );
    const script = await server.app.request(ROUTES.docsScript);
    expect(script.headers.get("content-type")).toMatch(/^text\/javascript/);
    expect((await script.arrayBuffer()).byteLength).toBeGreaterThan(100_000);
  });
});

/** @returns checks an answer against its operation: problems, empty when there are none */
function answerChecker() {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats(ajv);
  // What the document does not name must not be sent; problems may say more.
  const closed = closedSchemas(document.components.schemas);
  ajv.addSchema({ $id: "http://api.test/", components: { schemas: closed } });
  return (operation: Operation, answer: Response, { text, body }: { text: string; body: unknown }): string[] => {
    const described = operation.responses[String(answer.status)];
    if (described === undefined) return [`status ${answer.status} is not described`];
    const type = answer.headers.get("content-type")?.split(";")[0] ?? "";
    const content = described.content;
    const missing = Object.keys(described.headers ?? {}).filter((name) => !answer.headers.has(name));
    if (missing.length > 0) return [`headers ${missing.join(", ")} are missing`];
    if (content === undefined) return text === "" ? [] : [`a body of type ${type} is not described`];
    const media = content[type];
    if (media === undefined) return [`type ${type} is not one of ${Object.keys(content).join(", ")}`];
    const reference = v.safeParse(v.object({ $ref: v.string() }), media.schema);
    if (!reference.success || body === undefined) return [];
    const validate = ajv.compile({ $ref: `http://api.test/${reference.output.$ref}` });
    return validate(body) ? [] : (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message ?? ""}`);
  };
}

function closedSchemas(schemas: Record<string, Record<string, unknown>>): Record<string, unknown> {
  const close = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(close);
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, close(inner)]));
    return "properties" in value && !("additionalProperties" in value)
      ? { ...entries, additionalProperties: false }
      : entries;
  };
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [name, name === "Problem" ? schema : close(schema)]),
  );
}
