/** `vstack bench heal`: a node of a temporary cluster loses its disk while people watch; how fast it is filled again is told. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { RenditionId, VideoId } from "#core/ids.ts";
import { liveClock } from "#wire/client/live-clock.ts";
import { metadataClient } from "#wire/client/metadata-client.ts";
import { redundancyClient } from "#wire/client/redundancy-client.ts";
import { VStackError } from "#wire/contract/errors.ts";
import type { Override, Queue } from "#wire/contract/redundancy-schemas.ts";
import { machineFacts } from "../bench/run-facts.ts";
import type { HealCluster } from "../heal/heal-cluster.ts";
import { startHealCluster } from "../heal/heal-cluster.ts";
import type { HealFigures, Latency } from "../heal/measure-heal.ts";
import { measureHeal } from "../heal/measure-heal.ts";
import { makePaddedVideo } from "../heal/padded-video.ts";
import type { PhysicalLimits } from "../heal/physical-limits.ts";
import { measureLimits } from "../heal/physical-limits.ts";
import { interrupted } from "../interrupted.ts";
import type { Progress } from "../print.ts";
import { bytesText, printJson, printTable, remark, startProgress } from "../print.ts";
import { serversFolder } from "../processes.ts";
import { uploadVideo } from "../upload-video.ts";

export interface BenchHealOptions {
  /** On each node, half of it replicas and half of it shards. */
  readonly gigabytes: number;
  readonly nodes: number;
  readonly players: number;
  /** Of the videos, and of each viewer. */
  readonly megabits: number;
  readonly rounds: number;
  readonly quietSeconds: number;
  readonly seed: number;
  readonly json: boolean;
}

/** Playback while a node is healed may be so much slower than without. */
const MAX_P99_RATIO = 1.5;
/** A little more than was asked for: pieces are not spread exactly evenly. */
const SPREAD_MARGIN = 1.06;
/** Bytes on all nodes for each byte of a video. */
const KEPT = { replication: 3, erasure: 5 / 3 } as const;
/** While the videos are brought into their forms nobody reads them. */
const GRACE_SECONDS = 2;
/** Longer than viewers keep a manifest. */
const WATCHED_GRACE_SECONDS = 120;
const POLL_MS = 1000;

/** @returns exit code: 1 when viewers waited too long, a read failed, or something is wrong with what was healed */
export async function benchHeal(options: BenchHealOptions): Promise<number> {
  const { players, megabits, rounds, quietSeconds, nodes, seed, json } = options;
  const signal = interrupted();
  const progress = startProgress({ quiet: json });
  const cluster = await startHealCluster(nodes, signal);
  try {
    const videos = await fill(cluster, options, progress, signal);
    const limits = await measureLimits(cluster.data, signal);
    const ask = { videos, players, bitsPerSecond: megabits * 1e6, rounds, quietSeconds, nodes, seed };
    const figures = await measureHeal(
      cluster,
      ask,
      (...said) => {
        progress.show(...said);
      },
      signal,
    );
    const scrub = await checkAll(cluster, progress, signal);
    progress.end();
    return report(options, { ...figures, ...limits, ...scrub });
  } finally {
    progress.end();
    await cluster.stop();
  }
}

/** One video in replicas, one in shards, each half of what every node is to have. */
async function fill(
  cluster: HealCluster,
  { gigabytes, nodes, megabits }: BenchHealOptions,
  progress: Progress,
  signal: AbortSignal,
): Promise<{ videoId: VideoId; rendition: RenditionId }[]> {
  const client = redundancyClient(cluster.url);
  const metadata = metadataClient(cluster.url);
  await client.setConfig({ graceSeconds: GRACE_SECONDS }, signal);
  const videos: { videoId: VideoId; rendition: RenditionId }[] = [];
  for (const [form, name] of [
    ["replication", "demo-240p.mp4"],
    ["erasure", "demo-480p.mp4"],
  ] as const) {
    const path = join(cluster.data, `${form}.mp4`);
    const sizeBytes = (gigabytes * 1e9 * SPREAD_MARGIN * nodes) / 2 / KEPT[form];
    progress.show(`Making a video for ${form}`, 0, bytesText(sizeBytes));
    const pictures = join(serversFolder(), "..", "..", "metadata", "demo", name);
    await makePaddedVideo({ pictures, path, sizeBytes, bitsPerSecond: megabits * 1e6 }, signal);
    const input = { url: cluster.url, files: [path], title: form, redundancy: form as Override, signal, progress };
    const { id } = await uploadVideo(input);
    await rm(path);
    const [rendition] = (await metadata.video(id, signal)).renditions;
    if (rendition === undefined) throw new VStackError("internal", "The video has no rendition");
    videos.push({ videoId: id, rendition: rendition.id });
  }
  await untilSettled(cluster, progress, signal);
  await client.setConfig({ graceSeconds: WATCHED_GRACE_SECONDS }, signal);
  return videos;
}

/** Every video has its form, and what it had before is deleted. */
async function untilSettled({ url }: HealCluster, progress: Progress, signal: AbortSignal): Promise<void> {
  const client = redundancyClient(url);
  for (;;) {
    const { videos } = await client.storageVideos({ from: 0, limit: 10, sort: "largest" }, signal);
    const { runningCount, waitingCount, releasesWaiting } = await client.queue(signal);
    const isSettled = videos.every(({ form, formShare, title }) => form.kind === title && formShare > 0.99);
    if (isSettled && runningCount + waitingCount + releasesWaiting === 0) return;
    const share = videos.reduce((sum, one) => sum + (one.form.kind === one.title ? one.formShare : 0), 0);
    progress.show("Changing the form", share / videos.length, `${releasesWaiting} pieces to delete`);
    await liveClock.sleep(POLL_MS, signal);
    signal.throwIfAborted();
  }
}

interface Checked {
  readonly piecesChecked: number;
  readonly wrongPieces: number;
}

/** Every node reads all of its pieces again. */
async function checkAll({ url }: HealCluster, progress: Progress, signal: AbortSignal): Promise<Checked> {
  const client = redundancyClient(url);
  await client.setConfig({ scrubBytesPerSecond: 1e9 }, signal);
  const { queue } = await client.start("scrub", signal);
  let scrub: Queue["scrub"] = queue.scrub;
  while (scrub.completedAtSeconds === queue.scrub.completedAtSeconds || scrub.isRunning) {
    progress.show("Checking all pieces", scrub.bytesChecked / Math.max(1, scrub.bytesTotal), "");
    await liveClock.sleep(POLL_MS, signal);
    signal.throwIfAborted();
    ({ scrub } = await client.queue(signal));
  }
  return { piecesChecked: scrub.piecesChecked, wrongPieces: scrub.corrupt + scrub.missing };
}

function report(options: BenchHealOptions, figures: HealFigures & PhysicalLimits & Checked): number {
  const { quiet, healing, load, wrongPieces, rounds } = figures;
  const p99Ratio = healing.p99Ms / quiet.p99Ms;
  const isGood = p99Ratio < MAX_P99_RATIO && load.failedReads + load.wrongChunks + wrongPieces === 0;
  const row = (name: string, { segments, p50Ms, p99Ms }: Latency, rest: readonly string[]) => [
    ...[name, String(segments), `${p50Ms.toFixed(0)} ms`, `${p99Ms.toFixed(0)} ms`, ...rest],
  ];
  if (!options.json) {
    printTable(
      ["", "SEGMENTS", "P50", "P99", "HEALED", "IN", "A SECOND"],
      [
        ...figures.quietTimes.map((one, at) => row(`quiet ${at + 1}`, one, ["", "", ""])),
        ...rounds.map(({ nodeId, lost, seconds, bytesPerSecond, latency }) =>
          row(nodeId, latency, [bytesText(lost.bytes), `${seconds.toFixed(0)} s`, `${bytesText(bytesPerSecond)}/s`]),
        ),
        ...[row("quiet", quiet, ["", "", ""]), row("healing", healing, ["", "", ""])],
      ],
    );
  }
  const { diskBytesPerSecond, loopbackBytesPerSecond, piecesChecked } = figures;
  const rate = rounds.reduce((sum, one) => sum + one.bytesPerSecond, 0) / rounds.length;
  remark(
    `P99 while a node is healed is ${p99Ratio.toFixed(2)} times that without (limit ${MAX_P99_RATIO}). The heal wrote ` +
      `${bytesText(rate)}/s, ${((100 * rate) / diskBytesPerSecond).toFixed(0)} % of what the disk takes with a flush for each ` +
      `piece (${bytesText(diskBytesPerSecond)}/s; loopback carries ${bytesText(loopbackBytesPerSecond)}/s). ` +
      `${piecesChecked} pieces were read again afterwards: ${wrongPieces} wrong. ${load.failedReads} reads failed, ` +
      `${load.wrongChunks} chunks were wrong, ${load.late} came late.`,
  );
  const verdict = isGood ? "pass" : "fail";
  const { gigabytes, nodes, players, megabits } = options;
  printJson({
    ...{ verdict, measuredIn: "node", gigabytes, nodes, players, megabits, p99Ratio, ...figures },
    machine: machineFacts(null),
  });
  return isGood ? 0 : 1;
}
