/** Roles started one by one with the very flags of the units in docs/deploy.md, as on several machines. */
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endProcess, freePortRange, runVstack, serves, spawnProgram } from "../../fixtures/cluster.ts";
import { expect, test } from "../../fixtures/test.ts";
import { segmentsOf, startWatching, traces, waitForTime } from "../../fixtures/watching.ts";

const DEMO_240P = "metadata/demo/demo-240p.mp4";
/** Loopback has many addresses: a role that used its own idea of where it is would name another. */
const NODE_HOST = "127.0.0.2";

test("a metadata server and three nodes started apart store, play and give back a video", async ({ page }) => {
  const folder = await mkdtemp(join(tmpdir(), "vstack-apart-"));
  const port = await freePortRange(4);
  const url = `http://127.0.0.1:${port}`;
  const key = join(folder, "cluster.key");
  await writeFile(key, `${randomBytes(32).toString("base64")}\n`, { mode: 0o600 });
  const start = async (words: string[], address: string) => {
    const role = spawnProgram(words);
    await serves(address);
    return role;
  };
  const nodeWords = async (index: number) => {
    const own = String(port + index);
    return await wordsOfUnit("node", {
      "--id": `disk-${index}`,
      "--host": "0.0.0.0",
      "--port": own,
      "--data": join(folder, `disk-${index}`),
      "--metadata": url,
      "--public-url": addressOf(index),
      "--internal-url": `http://127.0.0.1:${own}`,
      "--cluster-key": key,
    });
  };
  const addressOf = (index: number) => `http://${NODE_HOST}:${port + index}`;
  const metadata = await wordsOfUnit("metadata", {
    "--host": "127.0.0.1",
    "--port": String(port),
    "--data": join(folder, "metadata"),
    "--public-url": url,
    "--cluster-key": key,
  });
  const roles = [await start(metadata, url)];
  try {
    await mkdir(join(folder, "disk-1"));
    for (const index of [1, 2, 3]) roles.push(await start(await nodeWords(index), addressOf(index)));
    const vstack = async (...words: string[]) => {
      const answer = await runVstack([...words, "--url", url]);
      expect(answer, answer.stderr).toMatchObject({ code: 0 });
      return answer.stdout;
    };
    const alive = async () => {
      const { nodes } = JSON.parse(await vstack("status", "--json")) as { nodes: { state: string; url: string }[] };
      return nodes.filter(({ state }) => state === "alive").map((node) => node.url);
    };
    const addresses = [1, 2, 3].map(addressOf);
    await expect.poll(alive).toEqual(addresses);

    const { id, watchUrl } = JSON.parse(await vstack("upload", DEMO_240P, "--json")) as {
      id: string;
      watchUrl: string;
    };
    expect(watchUrl).toBe(`${url}/watch/${id}`);
    const asked = new Set<string>();
    page.on("request", (request) => asked.add(new URL(request.url()).origin));
    await startWatching(page, watchUrl);
    await waitForTime(page, 3);
    const segments = segmentsOf(await traces(page)).filter(({ outcome }) => outcome === "delivered");
    expect(segments.length).toBeGreaterThan(0);
    // What lies in the cache was begun ahead of the player, from nodes as well.
    expect(segments.filter(({ servedFrom }) => servedFrom === "gateway")).toEqual([]);
    expect(segments.filter(({ servedFrom }) => servedFrom === "nodes").length).toBeGreaterThan(0);

    const file = join(folder, "got.mp4");
    await vstack("get", id, "-o", file);
    const download = await fetch(`${url}/api/videos/${id}/download`);
    expect(Buffer.from(await download.arrayBuffer()).equals(await readFile(file))).toBe(true);
    await vstack("rm", id);
    await expect.poll(async () => await chunkCounts(addresses)).toEqual([0, 0, 0]);
  } finally {
    await Promise.all(roles.map(endProcess));
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
});

test("a role with another key is turned away, and says so", async () => {
  const folder = await mkdtemp(join(tmpdir(), "vstack-apart-"));
  const port = await freePortRange(2);
  const keyFile = async (name: string) => {
    const path = join(folder, name);
    await writeFile(path, randomBytes(32).toString("base64"), { mode: 0o600 });
    return path;
  };
  const url = `http://127.0.0.1:${port}`;
  const data = (name: string) => ["--data", join(folder, name)];
  const metadata = spawnProgram([
    "metadata",
    "--port",
    String(port),
    ...data("m"),
    "--cluster-key",
    await keyFile("one"),
  ]);
  const own = String(port + 1);
  const node = [
    "node",
    "--id",
    "stranger",
    "--port",
    own,
    "--metadata",
    url,
    ...data("n"),
    "--cluster-key",
    await keyFile("two"),
  ];
  await serves(url);
  const stranger = spawnProgram(node);
  try {
    await serves(`http://127.0.0.1:${own}`);
    const { nodes } = (await (await fetch(`${url}/api/nodes`)).json()) as { nodes: unknown[] };
    expect(nodes).toEqual([]);
  } finally {
    await Promise.all([metadata, stranger].map(endProcess));
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
});

/** The words of a role's unit behind `vstack.js`, each flag with the value that it has in this test: no flag more or less. */
async function wordsOfUnit(role: "metadata" | "node", values: Readonly<Record<string, string>>): Promise<string[]> {
  const document = await readFile("docs/deploy.md", "utf8");
  const command = new RegExp(`^ExecStart=\\S+ \\S+/vstack\\.js ${role} ((?:.*\\\\\n)*.*)$`, "m").exec(document)?.[1];
  const flags = [...(command ?? "").matchAll(/--[a-z-]+/g)].map(([flag]) => flag);
  expect(Object.keys(values), `the unit of the ${role} role`).toEqual(flags);
  return [role, ...Object.entries(values).flat()];
}

async function chunkCounts(addresses: readonly string[]): Promise<number[]> {
  const healths = addresses.map(
    async (address) => (await fetch(`${address}/health`)).json() as Promise<{ chunkCount: number }>,
  );
  return (await Promise.all(healths)).map(({ chunkCount }) => chunkCount);
}
