/** The node as a process: what it prints, and how it ends. */
import { type ChildProcess, fork } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as v from "valibot";
import { afterEach, expect, test } from "vitest";
import { checkCapability, importClusterKey, mintCapability } from "#wire/client/capability.ts";
import { HeartbeatSchema } from "#wire/contract/cluster-api.ts";

const KEY_TEXT = btoa("a key of thirty-two bytes for us");
const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));
const START_LIMIT_MS = 60_000;
const folder = () => join(mkdtempSync(join(tmpdir(), "vstack-main-")), "data");
const children: ChildProcess[] = [];
const folders: string[] = [];
const servers: Server[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  for (const server of servers.splice(0)) server.close();
  for (const path of folders.splice(0)) rmSync(join(path, ".."), { recursive: true, force: true });
});

function start(variables: Record<string, string>) {
  const data = variables["VSTACK_DATA"] ?? folder();
  folders.push(data);
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("VSTACK_"));
  const defaults = { VSTACK_NODE_ID: "node-1", VSTACK_PORT: "0", VSTACK_DATA: data, VSTACK_CLUSTER_KEY: KEY_TEXT };
  const env = { ...Object.fromEntries(own), ...defaults, VSTACK_LOG_LEVEL: "silent", ...variables };
  const child = fork(MAIN, { execArgv: ["--import", "tsx"], stdio: ["ignore", "pipe", "pipe", "ipc"], env });
  children.push(child);
  const printed = { out: "", err: "" };
  child.stdout?.on("data", (text: Buffer) => (printed.out += text.toString()));
  child.stderr?.on("data", (text: Buffer) => (printed.err += text.toString()));
  return { child, printed };
}

test("says that it is ready once on standard output and to its parent, and stops when told", {
  timeout: START_LIMIT_MS,
}, async () => {
  const { child, printed } = start({});
  const [message] = v.parse(v.looseTuple([v.unknown()]), await once(child, "message"));
  const ready = v.parse(
    v.strictObject({
      ready: v.literal(true),
      role: v.literal("node"),
      id: v.string(),
      url: v.string(),
      pid: v.number(),
    }),
    message,
  );
  expect(ready).toMatchObject({ id: "node-1", pid: child.pid });
  expect((await fetch(`${ready.url}/api/health`)).status).toBe(200);
  expect(printed.out).toBe(`${JSON.stringify(ready)}\n`);
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([0, null]);
});

test("ends cleanly though it is told twice, as by Ctrl-C and by its parent", { timeout: START_LIMIT_MS }, async () => {
  const { child } = start({});
  const [ready] = v.parse(v.looseTuple([v.object({ url: v.string() })]), await once(child, "message"));
  const held = connect(Number(new URL(ready.url).port), "127.0.0.1");
  held.on("error", () => undefined);
  held.write("PUT /chunks/x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n");
  await fetch(`${ready.url}/ping`);
  child.kill("SIGTERM");
  // It takes no more connections, and lets this one end.
  for (let open = true; open; ) {
    open = await fetch(`${ready.url}/ping`).then(
      () => true,
      () => false,
    );
  }
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([0, null]);
  held.destroy();
});

test("stops when its parent goes away", { timeout: START_LIMIT_MS }, async () => {
  const { child } = start({});
  await once(child, "message");
  child.disconnect();
  expect(await once(child, "exit")).toEqual([0, null]);
});

test("reports to the metadata server with a capability", { timeout: START_LIMIT_MS }, async () => {
  const clusterKey = await importClusterKey(KEY_TEXT);
  const server = createServer();
  servers.push(server);
  const report = new Promise<{ path: string; authorization: string; text: string }>((resolve) => {
    server.on("request", (request, response) => {
      let text = "";
      request.on("data", (part: Buffer) => (text += part.toString()));
      request.on("end", () => {
        response.writeHead(200, { "content-type": "application/json" }).end('{"acceptor":"ok"}');
        resolve({ path: request.url ?? "", authorization: request.headers.authorization ?? "", text });
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  const { child } = start({ VSTACK_METADATA_URL: `http://127.0.0.1:${port}/`, VSTACK_PUBLIC_URL: "http://n1.example" });
  const { path, authorization, text } = await report;
  expect(path).toBe("/api/nodes/node-1/heartbeat");
  const capability = authorization.replace("Bearer ", "");
  await checkCapability(clusterKey, capability, { method: "HEARTBEAT", subject: "node-1", nowMs: Date.now() });
  const heartbeat = v.parse(HeartbeatSchema, JSON.parse(text));
  expect(heartbeat).toMatchObject({ nodeId: "node-1", publicUrl: "http://n1.example", pid: child.pid, chunkCount: 0 });
});

test("tells what readers got of which chunk, again until it was answered, and then no more", {
  timeout: START_LIMIT_MS,
}, async () => {
  const clusterKey = await importClusterKey(KEY_TEXT);
  const told: v.InferOutput<typeof HeartbeatSchema>["served"][] = [];
  let refusals = 1;
  let heardEnough = () => {};
  const enough = new Promise<void>((resolve) => {
    heardEnough = resolve;
  });
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (part: Buffer) => (text += part.toString()));
    request.on("end", () => {
      const { served } = v.parse(HeartbeatSchema, JSON.parse(text));
      const tells = served !== undefined && served.chunks.length > 0;
      if (tells || told.length > 0) told.push(served);
      const isRefused = tells && refusals-- > 0;
      response.writeHead(isRefused ? 503 : 200, { "content-type": "application/json" }).end('{"acceptor":"ok"}');
      if (told.length >= 3) heardEnough();
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  const { child } = start({ VSTACK_METADATA_URL: `http://127.0.0.1:${port}/` });
  const [{ url }] = v.parse(v.looseTuple([v.looseObject({ url: v.string() })]), await once(child, "message"));
  const hash = createHash("sha256").update("some bytes").digest("hex");
  const capability = await mintCapability(clusterKey, { method: "PUT", subject: hash, nowMs: Date.now() });
  const put = await fetch(`${url}/chunks/${hash}?capability=${capability}`, { method: "PUT", body: "some bytes" });
  expect(put.status).toBe(201);
  expect(await (await fetch(`${url}/chunks/${hash}`)).text()).toBe("some bytes");
  await enough;
  const all = { chunks: [{ hash, bytes: 10 }], otherBytes: 0 };
  expect(told.slice(0, 3)).toEqual([all, all, { chunks: [], otherBytes: 0 }]);
});

test("makes its acceptor anew when it is told that its disk was put back", { timeout: START_LIMIT_MS }, async () => {
  const reports: v.InferOutput<typeof HeartbeatSchema>["acceptor"][] = [];
  const verdicts = ["ok", "rolled-back", "ok"];
  let heardEnough = () => {};
  const enough = new Promise<void>((resolve) => {
    heardEnough = resolve;
  });
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (part: Buffer) => (text += part.toString()));
    request.on("end", () => {
      const acceptor = verdicts[reports.length] ?? "ok";
      reports.push(v.parse(HeartbeatSchema, JSON.parse(text)).acceptor);
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ acceptor }));
      if (reports.length === 3) heardEnough();
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  const { child } = start({ VSTACK_METADATA_URL: `http://127.0.0.1:${port}` });
  await enough;
  const [first, second, third] = reports;
  expect(first).toMatchObject({ starts: 1, writes: 0 });
  expect(second).toEqual(first);
  expect(third).toMatchObject({ starts: 1, writes: 0 });
  expect(third?.incarnation).not.toBe(first?.incarnation);
  child.kill("SIGTERM");
  await once(child, "exit");
});

test("a taken port is a clear error and exit code 1", { timeout: START_LIMIT_MS }, async () => {
  const server = createServer();
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  const { child, printed } = start({ VSTACK_PORT: String(port) });
  expect(await once(child, "exit")).toEqual([1, null]);
  expect(printed.err).toContain(`Cannot listen on 127.0.0.1:${port} as the port is taken`);
  expect(printed.out).toBe("");
});

test("a wrong configuration is a clear error and exit code 2", { timeout: START_LIMIT_MS }, async () => {
  for (const variables of [{ VSTACK_NODE_ID: "Not A Node" }, { VSTACK_CLUSTER_KEY: "short" }]) {
    const { child, printed } = start(variables);
    expect(await once(child, "exit")).toEqual([2, null]);
    expect(printed.err).toMatch(/^Cannot /);
  }
});

test("a data folder in use is a clear error and exit code 1", { timeout: START_LIMIT_MS }, async () => {
  const data = folder();
  const first = start({ VSTACK_DATA: data });
  await once(first.child, "message");
  const second = start({ VSTACK_DATA: data });
  expect(await once(second.child, "exit")).toEqual([1, null]);
  expect(second.printed.err).toContain("another process has it");
});
