/**
 * The upkeep of redundancy as one object: the loops that decide, change, repair, check and move, and what is asked of them. All
 * changes of stored chunks go through one runner and one budget; what is kept lies in the server's one database.
 */
import type { Registry } from "prom-client";
import { DEFAULT_CODE } from "#core/erasure/reed-solomon.ts";
import type { NodeId, VideoId } from "#core/ids.ts";
import { repairRate } from "#core/redundancy/byte-budget.ts";
import type { ErasureScheme } from "#core/redundancy/form.ts";
import type { PolicyConfig } from "#core/redundancy/policy-config.ts";
import type { Heartbeat } from "#wire/contract/cluster-api.ts";
import type { CurrentForm, Decision, Efficiency, Override, Queue } from "#wire/contract/redundancy-schemas.ts";
import type { BadPiece, ChunkMap, Overhead, VideoStorage } from "#wire/contract/storage-schemas.ts";
import type { PieceIndex } from "../catalog/piece-index.ts";
import { sqlitePieceIndex } from "../catalog/piece-index.ts";
import type { NodeDirectory } from "../cluster/node-directory.ts";
import type { Database } from "../database/open-database.ts";
import { ChangeBoard } from "../redundancy/change-board.ts";
import { ChangeRunner } from "../redundancy/change-runner.ts";
import { chunkMap } from "../redundancy/chunk-map.ts";
import type { ClusterFacts } from "../redundancy/cluster-facts.ts";
import { clusterFacts } from "../redundancy/cluster-facts.ts";
import { DemandKeeper } from "../redundancy/demand-keeper.ts";
import type { FaultyPieces } from "../redundancy/faulty-pieces.ts";
import { sqliteFaultyPieces } from "../redundancy/faulty-pieces.ts";
import type { FormCounts } from "../redundancy/form-counts.ts";
import { contentBytes, keptBytes, mainForm, sqliteFormCounts } from "../redundancy/form-counts.ts";
import { Inventories } from "../redundancy/inventories.ts";
import type { AwayMs } from "../redundancy/nodes-away.ts";
import { AwayKeeper, recallAway } from "../redundancy/nodes-away.ts";
import { sqlitePlans } from "../redundancy/plan-store.ts";
import { queueAnswer } from "../redundancy/queue-answer.ts";
import type { ConfigChange, Settings } from "../redundancy/settings.ts";
import { openSettings } from "../redundancy/settings.ts";
import { upkeepMetrics } from "../redundancy/upkeep-metrics.ts";
import { overrideOf, StorageAnswers } from "../redundancy/storage-answers.ts";
import type { VideoForms } from "../redundancy/video-forms.ts";
import { sqliteVideoForms } from "../redundancy/video-forms.ts";
import { WorkBudget } from "../redundancy/work-budget.ts";
import { finishInterrupted } from "./finish-interrupted.ts";
import { FormLoop } from "./form-loop.ts";
import { PolicyLoop } from "./policy-loop.ts";
import { RebalanceLoop } from "./rebalance-loop.ts";
import type { ChunkMapAsk, Redundancy as RedundancyPort } from "./redundancy-port.ts";
import { RepairLoop } from "./repair-loop.ts";
import { StrayPieces } from "./stray-pieces.ts";
import { ScrubLoop } from "./scrub-loop.ts";
import type { UpkeepPorts } from "./upkeep-ports.ts";

/** What a node is believed to send: a plain network of 1 Gbit/s. What players leave of it is repair's. */
const NODE_BYTES_PER_SECOND = 125e6;
/** Counts that are shown and cost a query. */
const COUNT_MS = 1000;
export interface RedundancyPorts extends UpkeepPorts {
  readonly db: Database;
  readonly directory: Pick<NodeDirectory, "members" | "alive">;
  readonly isDraining: (nodeId: NodeId) => boolean;
  readonly registry: Registry;
}

export async function openRedundancy(ports: RedundancyPorts): Promise<Redundancy> {
  const { db, clock } = ports;
  const nowSeconds = () => clock.wallMs() / 1000;
  const settings = await openSettings(db);
  const pieces = sqlitePieceIndex(db);
  const demand = await DemandKeeper.open({ db, pieces, halfLives: () => settings.current(), nowSeconds });
  return new Redundancy(ports, { settings, pieces, demand, away: await recallAway(db) });
}

interface Opened {
  readonly settings: Settings;
  readonly pieces: PieceIndex;
  readonly demand: DemandKeeper;
  readonly away: AwayMs;
}

export class Redundancy implements RedundancyPort {
  readonly demand: DemandKeeper;
  readonly formLoop: FormLoop;
  readonly policyLoop: PolicyLoop;
  readonly rebalanceLoop: RebalanceLoop;
  readonly repairLoop: RepairLoop;
  readonly scrubLoop: ScrubLoop;
  readonly inventories: Inventories;
  readonly #ports: RedundancyPorts;
  readonly #settings: Settings;
  readonly #board: ChangeBoard;
  readonly #budget: WorkBudget;
  readonly #cluster: ClusterFacts;
  readonly #away: AwayKeeper;
  readonly #faulty: FaultyPieces;
  readonly #forms: VideoForms;
  readonly #counts: FormCounts;
  readonly #answers: StorageAnswers;
  readonly #plans: ReturnType<typeof sqlitePlans>;
  readonly #startedAtSeconds: number;
  readonly #disks = new Map<NodeId, { readonly incarnation: string; readonly isAlive: boolean }>();
  #releasesWaiting = 0;

  /** By {@link openRedundancy}. */
  constructor(ports: RedundancyPorts, { settings, pieces, demand, away }: Opened) {
    const { db, clock, directory } = ports;
    this.#ports = ports;
    this.#settings = settings;
    this.demand = demand;
    this.#startedAtSeconds = clock.wallMs() / 1000;
    this.#board = new ChangeBoard(clock);
    this.#budget = new WorkBudget(clock, () => this.#rate());
    this.#cluster = clusterFacts({ ...ports, away });
    this.#away = new AwayKeeper({ db, clock, away: () => this.#cluster.away() });
    this.#faulty = sqliteFaultyPieces(db, () => clock.wallMs());
    this.#forms = sqliteVideoForms(db);
    this.#counts = sqliteFormCounts(db);
    this.#plans = sqlitePlans(db);
    const parts = {
      pieces,
      plans: this.#plans,
      faulty: this.#faulty,
      budget: this.#budget,
      forms: this.#forms,
      demand,
    };
    const around = { ...ports, ...parts, config: () => settings.current(), scheme: SCHEME };
    const runner = new ChangeRunner({
      ...around,
      board: this.#board,
      cluster: () => this.#cluster.read(),
      graceSeconds: () => settings.current().graceSeconds,
      isBusy: async ({ videoId }) =>
        (await ports.isBeingStored(videoId)) || (await ports.catalog.video(videoId))?.state !== "ready",
      onBad: (holder, { hash }) => {
        const shard = holder.holds === "shard" ? holder.shard : null;
        void this.scrubLoop.report(holder.nodeId, { hash, shard }).catch((error: unknown) => {
          ports.log.error({ err: error }, "Cannot note a source that was wrong: the scrub will find it");
        });
      },
    });
    const acting = { ...around, runner, cluster: this.#cluster, alive: () => directory.alive() };
    this.repairLoop = new RepairLoop({ ...acting, finishInterrupted: (signal) => finishInterrupted(ports, signal) });
    this.scrubLoop = new ScrubLoop({
      ...acting,
      onFault: () => {
        this.repairLoop.wake();
      },
    });
    this.formLoop = new FormLoop(acting);
    this.policyLoop = new PolicyLoop(acting);
    this.rebalanceLoop = new RebalanceLoop(acting);
    upkeepMetrics({
      ...{ registry: ports.registry, board: this.#board, catalog: ports.catalog },
      repairsWaiting: () => this.repairLoop.orders.length,
    });
    this.#answers = new StorageAnswers({
      ...{ counts: this.#counts, forms: this.#forms, nowMs: () => clock.nowMs() },
      recommend: (video) => this.policyLoop.recommendation(video),
      waitsFor: (videoId) => this.formLoop.waitsFor(videoId),
    });
    const strays = new StrayPieces(acting);
    this.inventories = new Inventories({
      ...acting,
      onListed: (nodeId, names, signal) => this.scrubLoop.compare(nodeId, names, signal),
      onStrays: (nodeId, entries, signal) => strays.listed(nodeId, entries, signal),
      relistMs: () => settings.current().graceSeconds * 1000,
    });
  }

  /** A node reported: what it served is demand, and another disk or a return makes it be looked at. */
  async hear(heartbeat: Heartbeat): Promise<void> {
    const { nodeId, incarnation } = heartbeat;
    const known = this.#disks.get(nodeId);
    const isAlive = this.#ports.directory.alive().some((node) => node.nodeId === nodeId);
    const isBack = isAlive && known?.isAlive !== true;
    if (known?.incarnation !== incarnation || isBack) this.inventories.want(nodeId);
    if (isBack) this.formLoop.wake();
    this.#disks.set(nodeId, { incarnation, isAlive });
    await this.#away.keep();
    await this.demand.hear(heartbeat);
  }

  async run(signal: AbortSignal): Promise<void> {
    const loops = [
      this.repairLoop,
      this.scrubLoop,
      this.formLoop,
      this.policyLoop,
      this.rebalanceLoop,
      this.inventories,
    ];
    await Promise.all([...loops.map((loop) => loop.run(signal)), this.#count(signal)]);
    await this.demand.save();
  }

  /** A catalogue that was made again knows the records alone: their form is the one that the video has. */
  async adoptForm(videoId: VideoId): Promise<void> {
    const main = mainForm((await this.#counts.ofVideo(videoId)).flatMap(({ forms }) => forms));
    if (main !== undefined) await this.#forms.adopt(videoId, main.form, this.#nowSeconds());
  }

  readonly config = (): PolicyConfig => this.#settings.current();

  readonly setConfig = async (patch: ConfigChange): Promise<PolicyConfig> => {
    const config = await this.#settings.change(patch);
    this.formLoop.wake();
    this.repairLoop.wake();
    return config;
  };

  readonly recommendation = async (videoId: VideoId) => {
    const video = await this.#forms.of(videoId);
    if (video === undefined) return undefined;
    return { videoId, ...this.policyLoop.recommendation(video), views: video.views };
  };

  readonly current = async (videoId: VideoId): Promise<CurrentForm | undefined> => {
    const video = await this.#forms.of(videoId);
    if (video === undefined) return undefined;
    const renditions = await this.#counts.ofVideo(videoId);
    const all = renditions.flatMap(({ forms }) => forms);
    return {
      videoId,
      form: mainForm(all)?.form ?? video.form,
      override: overrideOf(video),
      sinceSeconds: video.sinceSeconds,
      ...{ contentBytes: contentBytes(all), keptBytes: keptBytes(all), renditions },
    };
  };

  readonly override = async (videoId: VideoId, form: Override): Promise<CurrentForm | undefined> => {
    if ((await this.#forms.of(videoId)) === undefined) return undefined;
    await this.#forms.setOverride(videoId, form === "auto" ? null : form, this.#nowSeconds());
    const video = await this.#forms.of(videoId);
    if (video !== undefined) await this.policyLoop.lookAt(video);
    this.formLoop.wake();
    return await this.current(videoId);
  };

  readonly decisions = async (videoId: VideoId | undefined, limit: number): Promise<readonly Decision[]> =>
    await this.#forms.decisions(videoId, limit);

  readonly queue = (): Queue =>
    queueAnswer({
      ...{ atSeconds: this.#nowSeconds(), board: this.#board, budget: this.#budget },
      ...{ repair: this.repairLoop.progress, orders: this.repairLoop.orders, waits: this.repairLoop.waits },
      ...{ scrub: this.scrubLoop.progress, releasesWaiting: this.#releasesWaiting },
    });

  readonly watchQueue = (onChange: () => void): (() => void) => this.#board.watch(onChange);

  readonly startRepair = (): boolean => {
    for (const { nodeId } of this.#ports.directory.alive()) this.inventories.want(nodeId);
    return this.repairLoop.ask();
  };

  readonly startScrub = (): boolean => this.scrubLoop.ask();

  readonly report = ({ nodeId, hash, shard }: BadPiece): Promise<boolean> =>
    this.scrubLoop.report(nodeId, { hash, shard });

  readonly efficiency = (): Promise<Efficiency> =>
    this.#answers.efficiency({
      sinceSeconds: this.#startedAtSeconds,
      ...{ changes: this.policyLoop.changes, totals: this.#board.totals, servedBytes: this.demand.servedBytes },
    });

  readonly overhead = async (signal: AbortSignal): Promise<Overhead> =>
    await this.#answers.overhead(
      await this.#counted(signal),
      new Map(
        this.#ports.directory.members().map(({ heartbeat: { nodeId, otherBytes = null } }) => [nodeId, otherBytes]),
      ),
    );

  readonly videoStorage = async (signal: AbortSignal): Promise<readonly VideoStorage[]> =>
    await this.#answers.videoStorage(await this.#counted(signal));

  readonly chunkMap = async (ask: ChunkMapAsk, signal: AbortSignal): Promise<ChunkMap | undefined> => {
    await this.#counted(signal);
    const { catalog, directory } = this.#ports;
    const known = { faulty: this.#faulty, plans: this.#plans, inventories: this.inventories };
    return await chunkMap(ask, { catalog, directory, cluster: () => this.#cluster.read(), ...known });
  };

  /** The counts of the nodes; the first one to ask waits for them. */
  async #counted(signal: AbortSignal) {
    const counted = this.inventories.counted();
    if (counted.atSeconds !== null) return counted;
    await this.inventories.refresh(signal);
    return this.inventories.counted();
  }

  /** What background work may move now. */
  #rate(): number {
    const capacityBytesPerSecond = this.#ports.directory.alive().length * NODE_BYTES_PER_SECOND;
    const playbackBytesPerSecond = this.demand.playbackBytesPerSecond();
    return repairRate({ capacityBytesPerSecond, playbackBytesPerSecond }, this.#settings.current());
  }

  async #count(signal: AbortSignal): Promise<void> {
    const { clock, releases, log } = this.#ports;
    while (!signal.aborted) {
      this.#releasesWaiting = await releases.count().catch((error: unknown) => {
        log.error({ err: error }, "Cannot count the releases");
        return this.#releasesWaiting;
      });
      await clock.sleep(COUNT_MS, signal);
    }
  }

  #nowSeconds(): number {
    return this.#ports.clock.wallMs() / 1000;
  }
}

const SCHEME: ErasureScheme = { kind: "erasure", ...DEFAULT_CODE };
