/**
 * One simulated session: a player watches a video over an emulated network, by a strategy. The same input gives the same
 * result, to the last bit. From a script:
 *
 *     import { constantRate } from "#core/network/rate-curve.ts";
 *     import { FREE_PATH } from "#core/network/path-phases.ts";
 *     import { DEFAULT_VIDEO, videoModel } from "#core/playback/video-model.ts";
 *     import { smartStrategy } from "#core/schedule/smart-strategy.ts";
 *     import { ABR_PLAYER, fixedPlayer, runSession } from "#core/simulation/run-session.ts";
 *
 *     const path = (mbits: number, roundTripMs: number) =>
 *       ({ ...FREE_PATH, rate: constantRate(mbits * 125_000), roundTripMs });
 *     const plan = { id: "1:2:4", expect: "", kind: "independent", access: constantRate(1e9), changes: [],
 *       nodes: [1, 2, 4].map((mbits, at) => ({ nodeId: `n${at + 1}`, path: path(mbits, 20) })) } as const;
 *     const video = videoModel({ ...DEFAULT_VIDEO, seconds: 60 });
 *     const cold = runSession({ plan, video, strategy: smartStrategy, player: ABR_PLAYER, seed: 1 });
 *     const warm = runSession({ plan, video, strategy: smartStrategy, player: fixedPlayer(3), seed: 2, warmBook: cold.book });
 *     console.log(cold.startupMs, cold.stallMs, cold.meanBitsPerSecond, cold.nodes, cold.violations);
 *
 * `planFor` (core/network/named-plans.ts) makes plans by name. `cold.records` has every segment with its attempts; bound.ts
 * says what no strategy could have beaten: `boundOf(input, cold)`.
 */
import type { OwnBook } from "../estimate/estimate-book.ts";
import type { ErasureCode } from "../erasure/reed-solomon.ts";
import type { BookSnapshot } from "../estimate/book-snapshot.ts";
import { restoreBook, snapshotBook } from "../estimate/book-snapshot.ts";
import { emptyBook, ownBook } from "../estimate/estimate-book.ts";
import { parseNodeId } from "../ids.ts";
import { invariant } from "../invariant.ts";
import type { NetworkPlan } from "../network/conditions.ts";
import type { VideoModel } from "../playback/video-model.ts";
import { seededRandom } from "../random.ts";
import type { Strategy } from "../schedule/strategy.ts";
import { EngineSource } from "./engine-source.ts";
import { FluidNetwork } from "./fluid-network.ts";
import type { NativePolicy } from "./native-source.ts";
import { NativeSource } from "./native-source.ts";
import type { DriverPorts } from "./plan-driver.ts";
import type { PlayerSettings } from "./player-model.ts";
import { PAGE_LOAD_POLICY, PlayerModel } from "./player-model.ts";
import type { SessionResult } from "./session-result.ts";
import { sessionResult } from "./session-result.ts";
import { VirtualClock } from "./virtual-clock.ts";

export interface SessionInput {
  readonly plan: NetworkPlan;
  readonly video: VideoModel;
  /** Ours with a strategy, or plain hls.js with a policy. */
  readonly strategy: Strategy | NativePolicy;
  readonly player: PlayerSettings;
  /** For jitter, chance in strategies, and the order of what falls on one moment. */
  readonly seed: number;
  /** What an earlier session learnt, as a worker stores it; a minute has passed since. */
  readonly warmBook?: BookSnapshot;
  /** Segments are kept as shards, one on each node of the plan in order; left out: whole on all. Of ours alone. */
  readonly code?: ErasureCode;
  /** What hashing costs; 0 when left out. */
  readonly verifyMsPerMiB?: number;
  /** Bodies are read at least this often; 75 when left out. */
  readonly readEveryMs?: number;
}

/** As the watch page sets hls.js up. */
export const ABR_PLAYER: PlayerSettings = {
  bufferGoalSeconds: 30,
  quality: { is: "abr" },
  loadPolicy: PAGE_LOAD_POLICY,
};

/** Always the same level of the ladder. */
export function fixedPlayer(level: number): PlayerSettings {
  return { ...ABR_PLAYER, quality: { is: "fixed", level } };
}

/** The most time that a session may take, in lengths of its video and beyond: then whoever still watches leaves. */
const MAX_LENGTHS = 4;
const MAX_EXTRA_MS = 120_000;
/** Between an earlier session and this one. */
const BETWEEN_SESSIONS_MS = 60_000;
const READ_EVERY_MS = 75;

export function runSession(input: SessionInput): SessionResult {
  const { plan, video, strategy, player: settings, seed } = input;
  const clock = new VirtualClock(seededRandom(seed ^ 0x5eed_0001));
  const readEveryMs = input.readEveryMs ?? READ_EVERY_MS;
  const network = new FluidNetwork({ clock, plan, random: seededRandom(seed ^ 0x5eed_0002), readEveryMs });
  const ports: DriverPorts = {
    ...{ clock, network, random: seededRandom(seed ^ 0x5eed_0003), book: warmBook(input) },
    verifyMsPerMiB: input.verifyMsPerMiB ?? 0,
  };
  const hedgeBudgetBytes = ports.book.hedgeBudget;
  const nodeIds = plan.nodes.map(({ nodeId }) => parsedNodeId(nodeId));
  let isOver = false;
  const onOver = () => {
    isOver = true;
  };
  const player = new PlayerModel({
    ...{ clock, video, onOver },
    settings: isNative(strategy) ? { ...settings, loadPolicy: null } : settings,
    makeSource: (view) =>
      isNative(strategy)
        ? new NativeSource({ policy: strategy, video, nodeIds, clock, network })
        : new EngineSource({ strategy, video, nodeIds, ports, player: view, ...codeOf(input) }),
  });
  const endMs = video.segmentCount * video.segmentSeconds * 1000 * MAX_LENGTHS + MAX_EXTRA_MS;
  clock.at(endMs, onOver);
  player.start();
  clock.run(() => isOver);
  player.source.close();
  const book = snapshotBook(ports.book, { nowMs: clock.nowMs, wallMs: clock.nowMs });
  return sessionResult({ plan, video, player, network, endMs: clock.nowMs, book, hedgeBudgetBytes });
}

function codeOf({ code }: SessionInput): Pick<SessionInput, "code"> {
  return code === undefined ? {} : { code };
}

function isNative(strategy: Strategy | NativePolicy): strategy is NativePolicy {
  return "errorRetries" in strategy;
}

function warmBook({ warmBook: snapshot }: SessionInput): OwnBook {
  if (snapshot === undefined) return ownBook(emptyBook());
  const book = restoreBook(snapshot, { nowMs: 0, wallMs: snapshot.savedAtMs + BETWEEN_SESSIONS_MS });
  invariant(book !== undefined, "Cannot read the estimates of the earlier session");
  return ownBook(book);
}

/**
 * As the string that V8 keeps once for all properties of that name: two of those are compared by address, others letter by
 * letter, and nodes are looked up tens of thousands of times a session (6 % of its time).
 */
function parsedNodeId(text: string) {
  const [atom = text] = Object.keys({ [text]: true });
  const nodeId = parseNodeId(atom);
  invariant(nodeId !== undefined, `Cannot name a node "${text}"`);
  return nodeId;
}
