/** `vstack bench --load`: as many viewers as are asked for, without pictures, on one cluster; late segments are counted. */
import type { RenditionId, VideoId } from "#core/ids.ts";
import { metadataClient } from "#wire/client/metadata-client.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { machineFacts } from "../bench/run-facts.ts";
import { interrupted } from "../interrupted.ts";
import type { LoadFigures } from "../load/run-players.ts";
import { runPlayers } from "../load/run-players.ts";
import type { TemporaryCluster } from "../load/temporary-cluster.ts";
import { startTemporaryCluster } from "../load/temporary-cluster.ts";
import { bytesText, printJson, printTable, remark, startProgress } from "../print.ts";

export interface BenchLoadOptions {
  /** A running cluster; a temporary one when there is none. */
  readonly url?: string;
  readonly players: number;
  readonly seconds: number;
  readonly megabits: number;
  readonly seed: number;
  readonly json: boolean;
}

/** So many different videos are watched at most. */
const MAX_VIDEOS = 20;

/** @returns exit code: 1 when a viewer waited, a read failed or a chunk was wrong */
export async function benchLoad(options: BenchLoadOptions): Promise<number> {
  const signal = interrupted();
  const { url, players, seconds, megabits, seed, json } = options;
  const progress = startProgress({ quiet: json });
  const cluster: Pick<TemporaryCluster, "url" | "stop"> =
    url === undefined ? await startTemporaryCluster([], signal) : { url, stop: () => Promise.resolve() };
  try {
    const videos = await bestRenditions(cluster.url, signal);
    const startedMs = performance.now();
    const ask = { url: cluster.url, videos, players, seconds, seed, strategy: "smart" as const };
    const figures = await runPlayers({ ...ask, paceBitsPerSecond: megabits * 1e6 }, signal, ({ segments, late }) => {
      const ranSeconds = (performance.now() - startedMs) / 1000;
      progress.show(`${players} viewers`, Math.min(1, ranSeconds / seconds), `${segments} segments, ${late} late`);
    });
    progress.end();
    signal.throwIfAborted();
    return report(options, figures, (performance.now() - startedMs) / 1000);
  } finally {
    progress.end();
    await cluster.stop();
  }
}

/** The best quality of each of the newest videos that are ready. */
async function bestRenditions(
  url: string,
  signal: AbortSignal,
): Promise<{ videoId: VideoId; rendition: RenditionId }[]> {
  const metadata = metadataClient(url);
  const found: { videoId: VideoId; rendition: RenditionId }[] = [];
  for (const { id, state } of (await metadata.listVideos({ limit: MAX_VIDEOS }, signal)).videos) {
    if (state !== "ready") continue;
    const { renditions } = await metadata.video(id, signal);
    const [best] = [...renditions].sort((a, b) => b.averageBitsPerSecond - a.averageBitsPerSecond);
    if (best !== undefined) found.push({ videoId: id, rendition: best.id });
  }
  if (found.length > 0) return found;
  throw new VStackError("not-found", `There is no video at ${url} that could be watched: upload one first`);
}

function report(
  { players, seconds, megabits, json }: BenchLoadOptions,
  figures: LoadFigures,
  ranSeconds: number,
): number {
  const { late, failedReads, wrongChunks, segments } = figures;
  const isGood = late + failedReads + wrongChunks === 0 && segments > 0;
  const rateBitsPerSecond = (figures.bytes * 8) / ranSeconds;
  if (!json) {
    const ms = (value: number | null) => (value === null ? "no data" : `${value.toFixed(0)} ms`);
    printTable(
      ["VIEWERS", "EACH", "SEGMENTS", "LATE", "FAILED", "WRONG", "P50", "P99", "TOGETHER"],
      [
        [
          ...[String(players), `${megabits} Mbit/s`, String(segments), String(late), String(failedReads)],
          ...[String(wrongChunks), ms(figures.fetchMsP50), ms(figures.fetchMsP99)],
          `${(rateBitsPerSecond / 1e6).toFixed(0)} Mbit/s`,
        ],
      ],
    );
  }
  remark(
    `${bytesText(figures.bytes)} in ${ranSeconds.toFixed(0)} s, viewers and cluster on this machine; every byte verified`,
  );
  const verdict = isGood ? "pass" : "fail";
  printJson({
    verdict,
    measuredIn: "node",
    seconds,
    megabits,
    rateBitsPerSecond,
    ...figures,
    machine: machineFacts(null),
  });
  return isGood ? 0 : 1;
}
