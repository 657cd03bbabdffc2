/** The command line as programs call it: JSON shapes, exit codes, refusals that say what to do. */
import { createHash, randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { runVstack } from "../fixtures/cluster.ts";
import { expect, test } from "../fixtures/test.ts";
import { chunkCount } from "../fixtures/uploading.ts";

test("status, list and show answer with the promised JSON", async ({ cluster, demoId }) => {
  const status = await cluster.status();
  expect(status.nodes.map((node) => node.id).sort()).toEqual(["n1", "n2", "n3", "n4", "n5", "n6"]);
  for (const node of status.nodes) {
    expect(node).toMatchObject({ state: "alive", url: expect.stringMatching(/^http/), pid: expect.any(Number) });
    expect(node).toMatchObject({ fillRatio: expect.any(Number), chunkCount: expect.any(Number) });
  }
  expect(status.metadata).toMatchObject({ url: cluster.url, pid: expect.any(Number) });
  const list = JSON.parse((await cluster.vstack("list", "--json")).stdout) as unknown[];
  expect(list[0]).toMatchObject({ id: demoId, title: "V-Stack demo", state: "ready" });
  const shown = JSON.parse((await cluster.vstack("show", demoId, "--json")).stdout) as { renditions: unknown[] };
  expect(shown.renditions).toHaveLength(3);
});

test("a minted capability allows one chunk to be written and deleted, and nothing else", async ({ cluster }) => {
  const bytes = randomBytes(50_000);
  const hash = createHash("sha256").update(bytes).digest("hex");
  const mint = async (method: string) =>
    (await runVstack(["token", "--method", method, "--hash", hash, "--data", cluster.data])).stdout.trim();
  const node = `http://127.0.0.1:${cluster.port + 1}/chunks/${hash}`;
  expect((await fetch(node, { method: "PUT", body: bytes })).status).toBe(401);
  const put = await mint("PUT");
  expect((await fetch(`${node}?capability=${put}`, { method: "PUT", body: bytes.subarray(1) })).status).toBe(422);
  expect((await fetch(`${node}?capability=${put}`, { method: "PUT", body: bytes })).status).toBe(201);
  expect((await fetch(node, { method: "PUT", body: bytes, headers: { authorization: `Bearer ${put}` } })).status).toBe(
    200,
  );
  expect(Buffer.from(await (await fetch(node)).arrayBuffer()).equals(bytes)).toBe(true);
  expect((await fetch(`${node}?capability=${put}`, { method: "DELETE" })).status).toBe(403);
  expect((await fetch(`${node}?capability=${await mint("DELETE")}`, { method: "DELETE" })).status).toBe(200);
  expect((await fetch(node)).status).toBe(404);
});

test("virtual viewers read the demo at their pace, every chunk right, and report what they saw", async ({
  cluster,
}) => {
  const words = ["bench", "--load", "--players", "4", "--megabits", "1", "--seconds", "8", "--json"];
  const { stdout, stderr, code } = await cluster.vstack(...words);
  expect(code, stderr).toBe(0);
  const report = JSON.parse(stdout) as { segments: number; bytes: number };
  expect(report).toMatchObject({ verdict: "pass", players: 4, late: 0, failedReads: 0, wrongChunks: 0 });
  // Four buffers of 20 s at 1 Mbit/s are 10 MB.
  expect(report.bytes).toBeGreaterThan(8_000_000);
  expect(report.segments).toBeGreaterThan(8);
});

test("wrong usage ends with 2, failures with 1, and both say what to do", async ({ cluster }, info) => {
  expect((await runVstack(["no-such-command"])).code).toBe(2);
  expect((await runVstack(["show", "not-an-id"])).code).toBe(2);
  expect((await runVstack(["--help"])).code).toBe(0);
  const away = await runVstack(["status", "--url", "http://127.0.0.1:1"]);
  expect(away.code).toBe(1);
  expect(away.stderr).toContain("cannot be reached");
  const taken = await runVstack([
    "up",
    "--port",
    String(cluster.port),
    "--data",
    info.outputPath("other"),
    "--no-demo",
  ]);
  expect(taken.code).toBe(1);
  expect(taken.stderr).toMatch(/taken/);
});

test("a file that is no video is refused clearly and leaves nothing behind", async ({ cluster }, info) => {
  const chunksBefore = await chunkCount(cluster);
  const file = info.outputPath("notes.mp4");
  await writeFile(file, "These are notes and not a video. ".repeat(1000));
  const refused = await cluster.vstack("upload", file, "--json");
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/not|cannot/i);
  expect(await chunkCount(cluster)).toBe(chunksBefore);
  const ready = JSON.parse((await cluster.vstack("list", "--json")).stdout) as { title: string; state: string }[];
  expect(ready.filter((video) => video.title === "notes" && video.state === "ready")).toEqual([]);
});
