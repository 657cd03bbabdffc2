/** What the metadata server shows to Prometheus is what docs/metrics.md says. */
import { expect, it, vi } from "vitest";
import { documentedMetrics, exposedMetrics } from "#wire/server/exposition.contract.ts";
import { chunkServers } from "./chunk-servers.contract.ts";
import { DEMO_240P, removeFolder, startTestServer } from "./test-server.contract.ts";

/** Real packaging on a machine that others share. */
vi.setConfig({ testTimeout: 60_000 });

it("metrics of the metadata server are those of docs/metrics.md, each with the labels that stand there", async () => {
  const server = await startTestServer(chunkServers(3));
  try {
    const uploadId = await server.uploadFile(DEMO_240P);
    const { videoId } = await server.until(uploadId, ({ phase }) => phase === "ready");
    const media = await server.app.request(`/media/${videoId ?? ""}/240p/init.mp4`);
    expect((await media.arrayBuffer()).byteLength).toBeGreaterThan(0);

    const answer = await server.app.request("/metrics");
    expect(answer.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(exposedMetrics(await answer.text())).toEqual(documentedMetrics("Every server", "Metadata server"));
  } finally {
    await server.stop();
    removeFolder(server.folder);
  }
});
