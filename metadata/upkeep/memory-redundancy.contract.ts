/**
 * The port of redundancy for tests of what stands in front of it: it keeps what it is told in memory, lays pieces round the
 * nodes, and moves no byte. Time stands still unless the test moves it.
 */
import { DEFAULT_CODE } from "#core/erasure/reed-solomon.ts";
import type { ChunkHash, NodeId, RenditionId, VideoId } from "#core/ids.ts";
import { parseChunkHash } from "#core/ids.ts";
import type { ErasureScheme, Form } from "#core/redundancy/form.ts";
import { ERASURE, keptPerByte, LOSSES_PROMISED, pieceBytes, REPLICATION, sameForm } from "#core/redundancy/form.ts";
import type { PolicyConfig } from "#core/redundancy/policy-config.ts";
import { configProblems, DEFAULT_CONFIG } from "#core/redundancy/policy-config.ts";
import { VStackError } from "#wire/contract/errors.ts";
import type { CurrentForm, Decision, Override, Queue } from "#wire/contract/redundancy-schemas.ts";
import type { ChunkMap, MapRow, PieceCell, PieceState } from "#wire/contract/storage-schemas.ts";
import { present } from "../placement/placement-register.contract.ts";
import type { ChunkMapAsk, Redundancy } from "./redundancy-port.ts";

const SCHEME: ErasureScheme = { kind: "erasure", ...DEFAULT_CODE };
const ROW_BYTES = 1_500_000;
const DEMAND = { short: 0.25, long: 1.5 };

export interface MemoryVideo {
  readonly videoId: VideoId;
  readonly rendition: RenditionId;
  readonly segments: number;
}

export interface MemoryWorld {
  readonly videos: readonly MemoryVideo[];
  readonly nodes: readonly NodeId[];
  nowSeconds: number;
}

export class MemoryRedundancy implements Redundancy {
  readonly #world: MemoryWorld;
  #config: PolicyConfig = DEFAULT_CONFIG;
  readonly #overrides = new Map<VideoId, Override>();
  readonly #decisions: Decision[] = [];
  readonly #damaged = new Map<string, PieceState>();
  readonly #watchers = new Set<() => void>();
  /** Complaints that were taken. */
  readonly reports: string[] = [];
  queueNow: Queue;

  constructor(world: MemoryWorld) {
    this.#world = world;
    this.queueNow = quietQueue(world.nowSeconds);
  }

  readonly config = (): PolicyConfig => this.#config;

  readonly setConfig: Redundancy["setConfig"] = (patch) => {
    const next = { ...this.#config, ...patch } as PolicyConfig;
    const problems = configProblems(next);
    if (problems.length > 0) throw new VStackError("bad-request", problems.join("; "), { details: { problems } });
    this.#config = next;
    return Promise.resolve(next);
  };

  readonly recommendation: Redundancy["recommendation"] = (videoId) => {
    const current = this.#current(videoId);
    if (current === undefined) return Promise.resolve(undefined);
    const isManual = current.override !== "auto";
    return Promise.resolve({
      ...{ videoId, form: current.form, changes: false, demand: DEMAND, views: 3 },
      ...{ sinceSeconds: current.sinceSeconds, againAtSeconds: null },
      because: isManual ? ("manual" as const) : ("between" as const),
      reason: isManual
        ? `A person chose ${current.override}`
        : "Read 0.25 (short) and 1.50 (long) times its size lately",
    });
  };

  readonly current: Redundancy["current"] = (videoId) => Promise.resolve(this.#current(videoId));

  readonly override: Redundancy["override"] = (videoId, form) => {
    const before = this.#current(videoId);
    if (before === undefined) return Promise.resolve(undefined);
    this.#overrides.set(videoId, form);
    const after = present(this.#current(videoId));
    if (!sameForm(before.form, after.form)) {
      this.#decisions.unshift({
        ...{ atSeconds: this.#world.nowSeconds, videoId, from: before.form, to: after.form },
        ...{ because: "manual", reason: `A person chose ${form}`, demand: DEMAND, views: 3 },
      });
    }
    this.changed();
    return Promise.resolve(after);
  };

  readonly decisions: Redundancy["decisions"] = (videoId, limit) =>
    Promise.resolve(this.#decisions.filter((one) => videoId === undefined || one.videoId === videoId).slice(0, limit));

  readonly queue = (): Queue => this.queueNow;

  readonly watchQueue = (onChange: () => void): (() => void) => {
    this.#watchers.add(onChange);
    return () => this.#watchers.delete(onChange);
  };

  readonly startRepair = (): boolean => this.#start("repair");
  readonly startScrub = (): boolean => this.#start("scrub");

  readonly report: Redundancy["report"] = ({ nodeId, hash, shard }) => {
    const piece = `${hash}/${shard}@${nodeId}`;
    if (this.reports.includes(piece)) return Promise.resolve(false);
    this.reports.push(piece);
    return Promise.resolve(true);
  };

  readonly efficiency: Redundancy["efficiency"] = () => {
    const currents = this.#currents();
    const forms = [REPLICATION, ERASURE].map((form) => {
      const those = currents.filter((current) => sameForm(current.form, form));
      const sum = (of: (current: CurrentForm) => number) => those.reduce((total, one) => total + of(one), 0);
      const chunks = sum((one) => one.contentBytes / ROW_BYTES);
      const amounts = { contentBytes: sum((one) => one.contentBytes), keptBytes: sum((one) => one.keptBytes) };
      return { form, chunks, ...amounts, videos: those.length };
    });
    const total = (of: (form: (typeof forms)[number]) => number) => forms.reduce((sum, form) => sum + of(form), 0);
    const contentBytes = total((form) => form.contentBytes);
    return Promise.resolve({
      ...{ sinceSeconds: this.#world.nowSeconds - 60, forms, contentBytes, keptBytes: total((form) => form.keptBytes) },
      ...{ replicationBytes: 3 * contentBytes, changes: this.#decisions.length, flaps: 0 },
      ...{ changeBytes: 0, repairBytes: 0, servedBytes: 2 * contentBytes },
    });
  };

  readonly overhead: Redundancy["overhead"] = () => {
    const rows = this.#world.videos.flatMap((video) => this.#rows(video));
    const contentBytes = rows.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    const nodes = this.#world.nodes.map((nodeId) => {
      const cells = rows.flatMap(({ pieces }) => pieces).filter((cell) => cell.nodeId === nodeId && isThere(cell));
      const [replicas, shards] = [cells.filter(isReplica), cells.filter((cell) => !isReplica(cell))];
      const [replicaBytes, shardBytes] = [bytesOf(replicas), bytesOf(shards)];
      const counted = { replicas: replicas.length, shards: shards.length, replicaBytes, shardBytes, unnamedBytes: 0 };
      return { nodeId, counted, otherBytes: 4096 };
    });
    return Promise.resolve({
      ...{ countedAtSeconds: this.#world.nowSeconds, isComplete: true, contentBytes, nodes },
      keptBytes: nodes.reduce((sum, { counted }) => sum + counted.replicaBytes + counted.shardBytes, 0),
      ...{ otherBytes: 4096 * nodes.length, replicationBytes: 3 * contentBytes },
    });
  };

  readonly videoStorage: Redundancy["videoStorage"] = () =>
    Promise.resolve(
      this.#currents().map(({ videoId, form, override, contentBytes, keptBytes }) => ({
        ...{ videoId, form, formShare: 1, override, contentBytes, keptBytes, demand: DEMAND, views: 3 },
        reason: "Read 0.25 (short) and 1.50 (long) times its size lately, from 6 to 12",
      })),
    );

  readonly chunkMap = ({ videoId, rendition, from, limit }: ChunkMapAsk): Promise<ChunkMap | undefined> => {
    const video = this.#world.videos.find((one) => one.videoId === videoId);
    if (video === undefined || (rendition !== undefined && rendition !== video.rendition)) {
      return Promise.resolve(undefined);
    }
    const rows = this.#rows(video);
    return Promise.resolve({
      ...{ videoId, rendition: video.rendition, renditions: [video.rendition], from, total: rows.length },
      countedAtSeconds: this.#world.nowSeconds,
      nodes: this.#world.nodes.map((nodeId) => ({ nodeId, state: "alive" as const })),
      rows: rows.slice(from, from + limit),
    });
  };

  /** What happened to a piece; undefined heals it. */
  damage(hash: ChunkHash, nodeId: NodeId, state: PieceState | undefined): void {
    if (state === undefined) this.#damaged.delete(`${hash}@${nodeId}`);
    else this.#damaged.set(`${hash}@${nodeId}`, state);
    this.changed();
  }

  changed(): void {
    for (const watcher of this.#watchers) watcher();
  }

  #start(what: "repair" | "scrub"): boolean {
    if (this.queueNow[what].isRunning) return false;
    const startedAtSeconds = this.#world.nowSeconds;
    this.queueNow = { ...this.queueNow, [what]: { ...this.queueNow[what], isRunning: true, startedAtSeconds } };
    this.changed();
    return true;
  }

  #formOf(videoId: VideoId): Form {
    return this.#overrides.get(videoId) === "erasure" ? ERASURE : REPLICATION;
  }

  #currents(): CurrentForm[] {
    return this.#world.videos.flatMap(({ videoId }) => this.#current(videoId) ?? []);
  }

  #current(videoId: VideoId): CurrentForm | undefined {
    const video = this.#world.videos.find((one) => one.videoId === videoId);
    if (video === undefined) return undefined;
    const form = this.#formOf(videoId);
    const chunks = video.segments + 1;
    const contentBytes = chunks * ROW_BYTES;
    const keptBytes = Math.round(contentBytes * keptPerByte(form, SCHEME));
    const forms = [{ form, chunks, contentBytes, keptBytes }];
    return {
      ...{ videoId, form, override: this.#overrides.get(videoId) ?? "auto", contentBytes, keptBytes },
      ...{ sinceSeconds: 0, renditions: [{ rendition: video.rendition, forms }] },
    };
  }

  #rows({ videoId, rendition, segments }: MemoryVideo): MapRow[] {
    const form = this.#formOf(videoId);
    return Array.from({ length: segments + 1 }, (_, row) => {
      const slot = row === 0 ? "init" : String(row - 1);
      const hash = present(parseChunkHash(row.toString(16).padStart(64, "0")));
      const pieces = this.#pieces(form, row).map(
        (cell): PieceCell => ({
          ...cell,
          state: this.#damaged.get(`${hash}@${cell.nodeId}`) ?? "intact",
        }),
      );
      const lost = pieces.filter(({ state }) => state !== "intact").length;
      return {
        ...{ key: `${videoId}/${rendition}/${slot}`, slot, hash, sizeBytes: ROW_BYTES, version: 1, form, pieces },
        dataShards: form.kind === "erasure" ? SCHEME.dataShards : null,
        lossesLeft: Math.max(-1, LOSSES_PROMISED - lost),
      };
    });
  }

  #pieces(form: Form, row: number): Omit<PieceCell, "state">[] {
    const { nodes } = this.#world;
    const at = (index: number) => present(nodes[(row + index) % nodes.length]);
    if (form.kind === "replication") {
      return [0, 1, 2].map((index) => ({ nodeId: at(index), shard: null, bytes: ROW_BYTES }));
    }
    return [0, 1, 2, 3, 4].map((shard) => ({
      ...{ nodeId: at(shard), shard },
      bytes: pieceBytes(ROW_BYTES, SCHEME, { nodeId: at(shard), holds: "shard", shard }),
    }));
  }
}

function quietQueue(atSeconds: number): Queue {
  return {
    ...{ atSeconds, running: [], runningCount: 0, waiting: [], waitingCount: 0, waitingBytes: 0, ended: [] },
    ...{ changeBytesPerSecond: null, releasesWaiting: 0 },
    repair: {
      ...{ isRunning: false, startedAtSeconds: null, endedAtSeconds: null, chunksDone: 0, chunksLeft: 0, bytesDone: 0 },
      ...{ bytesLeft: 0, bytesPerSecond: null, limitBytesPerSecond: null, failed: 0, underSpread: 0 },
    },
    scrub: {
      ...{ isRunning: false, startedAtSeconds: null, completedAtSeconds: null, piecesChecked: 0, piecesTotal: 0 },
      ...{ bytesChecked: 0, bytesTotal: 0, bytesPerSecond: null, corrupt: 0, missing: 0, reportsWaiting: 0 },
      isTooSlow: false,
    },
  };
}

function isReplica({ shard }: PieceCell): boolean {
  return shard === null;
}

function isThere({ state }: PieceCell): boolean {
  return state === "intact" || state === "corrupt";
}

function bytesOf(cells: readonly PieceCell[]): number {
  return cells.reduce((sum, { bytes }) => sum + bytes, 0);
}
