/** What a storage node shows to Prometheus is what docs/metrics.md says. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Registry } from "prom-client";
import { afterAll, expect, test } from "vitest";
import { parseNodeId } from "#core/ids.ts";
import { importClusterKey, mintCapability } from "#wire/client/capability.ts";
import { documentedMetrics, exposedMetrics } from "#wire/server/exposition.contract.ts";
import { silentLog } from "#wire/server/log.ts";
import { NodeAcceptor } from "./consensus/node-acceptor.ts";
import { ballotOf, keyOf, requestOf } from "./consensus/votes.contract.ts";
import { nodeMetrics } from "./metrics.ts";
import { createNodeApp } from "./node-app.ts";
import { ServedBook } from "./served-book.ts";
import { testChunk } from "./storage/chunk-store.contract.ts";
import { openDiskStore } from "./storage/disk-store.ts";
import { liveFileSystem } from "./storage/live-file-system.ts";

const NOW_MS = 1_700_000_000_000;
const folder = mkdtempSync(join(tmpdir(), "vstack-node-metrics-"));

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test("metrics of a node are those of docs/metrics.md, each with the labels that stand there", async () => {
  const nodeId = parseNodeId("node-1");
  if (nodeId === undefined) throw new Error("node-1 is a node id");
  const clusterKey = await importClusterKey(btoa("a key of thirty-two bytes for us"));
  const registry = new Registry();
  const metrics = nodeMetrics(registry);
  const clock = { nowMs: () => 0, wallMs: () => NOW_MS };
  const disk = { fileSystem: metrics.timed(liveFileSystem), folder, capacityBytes: undefined };
  const store = await openDiskStore({ ...disk, nodeId, nowMs: clock.nowMs, log: silentLog });
  const votes = { fileSystem: metrics.timed(liveFileSystem, "votes"), folder, observe: metrics.voted };
  const acceptor = await NodeAcceptor.open({ ...votes, waitsForVerdict: false, log: silentLog });
  const app = createNodeApp({
    ...{ nodeId, store, acceptor, clusterKey, registry, metrics, clock, served: new ServedBook() },
    ...{ lab: false, log: silentLog, pid: 1 },
  });
  const { hash, bytes } = testChunk("one");
  const capability = await mintCapability(clusterKey, { method: "PUT", subject: hash, nowMs: NOW_MS });
  const path = `/chunks/${hash}?capability=${capability}`;
  const stored = await app.request(path, { method: "PUT", body: new Uint8Array(bytes) });
  expect(stored.status).toBe(201);
  const allowed = await mintCapability(clusterKey, { method: "PIECES", subject: nodeId, nowMs: NOW_MS });
  const verified = await app.request("/pieces/verify", {
    method: "POST",
    headers: { authorization: `Bearer ${allowed}` },
    body: JSON.stringify({ pieces: [{ hash, shard: null }] }),
  });
  expect(verified.status).toBe(200);
  const prepare = { ask: "prepare" as const, key: keyOf(1), ballot: ballotOf(1) };
  await acceptor.entries(requestOf(acceptor, [prepare]), new Set());
  await acceptor.entries(requestOf({ incarnation: "gone" }, [prepare]), new Set());

  const answer = await app.request("/metrics");
  expect(answer.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
  expect(exposedMetrics(await answer.text())).toEqual(documentedMetrics("Every server", "Storage node"));
  await Promise.all([store.close(), acceptor.close()]);
});
