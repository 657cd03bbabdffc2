/** The same addresses without a worker: the gateway serves ffmpeg, plain hls.js, and browsers that have no worker. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { chromium } from "playwright/test";
import { CHROMIUM_ARGS, findChromium } from "../fixtures/browser.ts";
import { DEMO, DEMO_FILES } from "../fixtures/cluster.ts";
import { expect, test } from "../fixtures/test.ts";
import { pressPlay, waitForTime } from "../fixtures/watching.ts";

const run = promisify(execFile);

/** MD5 of every decoded frame, as ffmpeg's framemd5 muxer prints them (the hash is the last column). */
async function frameHashes(input: string): Promise<string[]> {
  const words = ["-v", "error", "-i", input, "-map", "0:v:0", "-fps_mode", "passthrough", "-f", "framemd5", "-"];
  const { stdout } = await run("ffmpeg", words, { maxBuffer: 64 * 1024 * 1024 });
  return stdout
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(",").at(-1)?.trim() ?? "");
}

test("ffmpeg reads every frame through the gateway, and get writes the same decoded frames", async ({
  cluster,
  demoId,
}, info) => {
  const [small] = DEMO_FILES;
  const expected = await frameHashes(small ?? "");
  expect(expected.length).toBe(DEMO.frameCount);
  const playlist = `${cluster.url}/media/${demoId}/240p/index.m3u8`;
  const throughGateway = await frameHashes(playlist);
  expect(throughGateway.length).toBe(DEMO.frameCount);
  expect(throughGateway).toEqual(expected);

  const file = info.outputPath("got.mp4");
  const got = await cluster.vstack("get", demoId, "-o", file, "--rendition", "240p", "--json");
  expect(got.stderr).toBe("");
  expect(got.code).toBe(0);
  expect(await frameHashes(file)).toEqual(expected);

  const master = await run("ffprobe", [
    "-v",
    "error",
    "-show_entries",
    "program=program_id",
    "-of",
    "json",
    `${cluster.url}/media/${demoId}/master.m3u8`,
  ]);
  expect((JSON.parse(master.stdout) as { programs: unknown[] }).programs).toHaveLength(3);
});

test("a single file uploaded by the command line plays and comes back with the same frames", async ({
  cluster,
}, info) => {
  const source = DEMO_FILES[0] ?? "";
  const uploaded = await cluster.vstack("upload", source, "--title", "One <b>file</b>", "--json");
  expect(uploaded.stderr).toBe("");
  const { id, watchUrl } = JSON.parse(uploaded.stdout.trim().split("\n").at(-1) ?? "") as {
    id: string;
    watchUrl: string;
  };
  expect(watchUrl).toBe(`${cluster.url}/watch/${id}`);
  const file = info.outputPath("again.mp4");
  expect((await cluster.vstack("get", id, "-o", file)).code).toBe(0);
  expect(await frameHashes(file)).toEqual(await frameHashes(source));
  const listed = JSON.parse((await cluster.vstack("list", "--json")).stdout) as { id: string; title: string }[];
  expect(listed.find((video) => video.id === id)).toMatchObject({ title: "One <b>file</b>", state: "ready" });
  expect((await cluster.vstack("rm", id)).code).toBe(0);
});

test("gateway answers carry who served them, ranges and the right bytes", async ({ cluster, demoId }) => {
  const url = `${cluster.url}/media/${demoId}/240p/0.m4s`;
  const whole = await fetch(url);
  expect(whole.headers.get("x-vstack-served-by")).toBe("gateway");
  const bytes = Buffer.from(await whole.arrayBuffer());
  expect(Number(whole.headers.get("content-length"))).toBe(bytes.length);
  const part = await fetch(url, { headers: { range: "bytes=100-199" } });
  expect(part.status).toBe(206);
  expect(part.headers.get("content-range")).toBe(`bytes 100-199/${bytes.length}`);
  expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(100, 200))).toBe(true);
  expect((await fetch(`${cluster.url}/media/${demoId}/240p/99.m4s`)).status).toBe(404);
});

test("plain hls.js without our player and worker plays the video", async ({ page, cluster, demoId }) => {
  const library = await readFile(new URL("../../node_modules/hls.js/dist/hls.min.js", import.meta.url), "utf8");
  await page.route(`${cluster.url}/plain-player`, async (route) => {
    await route.fulfill({ contentType: "text/html", body: "<!doctype html><video muted></video>" });
  });
  await page.goto(`${cluster.url}/plain-player`);
  await page.addScriptTag({ content: library });
  await page.evaluate((source) => {
    const { Hls } = window as unknown as {
      Hls: new () => { loadSource(url: string): void; attachMedia(video: HTMLVideoElement): void };
    };
    const video = document.querySelector("video");
    if (!video) throw new Error("No video");
    const hls = new Hls();
    hls.loadSource(source);
    hls.attachMedia(video);
    void video.play();
  }, `${cluster.url}/media/${demoId}/master.m3u8`);
  await waitForTime(page, 2);
});

test.describe("a browser without service workers", () => {
  test.use({ serviceWorkers: "block" });

  test("plays through the gateway and says why", async ({ page, cluster, demoId }) => {
    await page.addInitScript(() => {
      Object.defineProperty(Navigator.prototype, "serviceWorker", { get: () => undefined });
    });
    const servedBy = new Set<string | undefined>();
    page.on("response", (response) => {
      if (response.url().includes(".m4s")) servedBy.add(response.headers()["x-vstack-served-by"]);
    });
    await page.goto(`${cluster.url}/watch/${demoId}`);
    await expect(page.getByText(/through the gateway/i).first()).toBeVisible();
    await pressPlay(page);
    await waitForTime(page, 2);
    expect([...servedBy]).toEqual(["gateway"]);
  });
});

test("on an insecure origin the page plays through the gateway, says why and what would change it", async ({
  cluster,
  demoId,
}) => {
  // Plain HTTP on a network name: the browser offers no worker there.
  const browser = await chromium.launch({
    executablePath: findChromium(),
    args: [...CHROMIUM_ARGS, "--host-resolver-rules=MAP vstack.test 127.0.0.1"],
  });
  try {
    const page = await browser.newPage();
    await page.goto(`http://vstack.test:${cluster.port}/watch/${demoId}`);
    expect(await page.evaluate(() => window.isSecureContext)).toBe(false);
    await expect(page.getByText(/through the gateway/i).first()).toBeVisible();
    await expect(page.getByText(/https/i).first()).toBeVisible();
    await pressPlay(page);
    await waitForTime(page, 2);
  } finally {
    await browser.close();
  }
});

test("chunk names are the hashes of their bytes on every holder", async ({ cluster, demoId }) => {
  const page = (await (await fetch(`${cluster.url}/api/videos/${demoId}/manifest?rendition=240p&from=0`)).json()) as {
    nodes: { id: string; url: string }[];
    segments: { record: { hash: string; holders: { nodeId: string }[] } }[];
  };
  const [segment] = page.segments;
  expect(segment?.record.holders).toHaveLength(3);
  for (const holder of segment?.record.holders ?? []) {
    const url = page.nodes.find((node) => node.id === holder.nodeId)?.url ?? "";
    const bytes = Buffer.from(await (await fetch(`${url}/chunks/${segment?.record.hash ?? ""}`)).arrayBuffer());
    expect(createHash("sha256").update(bytes).digest("hex")).toBe(segment?.record.hash);
  }
});
