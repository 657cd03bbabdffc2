/** One session over time: the buffer above, what each node was asked for below, stalls and faults as bands. */
import type { Timeline } from "../timeline.ts";
import { nodeClass } from "./colours.ts";
import { box, line, picture, px, scale, ticks, words } from "./svg.ts";

const WIDTH = 1100;
const LEFT = 44;
const BUFFER_HEIGHT = 90;
const LANE_HEIGHT = 30;
const GAP = 6;
const BOTTOM = 20;
/** Requests to one node run side by side in so many rows of its lane. */
const ROWS = 4;

export function timelineChart(timeline: Timeline, nodeIds: readonly string[], label: string): string {
  const height = BUFFER_HEIGHT + nodeIds.length * (LANE_HEIGHT + GAP) + GAP + BOTTOM;
  const x = scale([0, timeline.endMs], [LEFT, WIDTH - 8]);
  const content = [
    ...bufferArea(timeline, x),
    ...nodeIds.flatMap((nodeId, at) => lane(timeline, { nodeId, at, x })),
    ...timeline.stalls.map(({ fromMs, toMs }) =>
      box({ x: x(fromMs), y: 0, width: x(toMs) - x(fromMs), height: height - BOTTOM }, "band", "stalled"),
    ),
    ...ticks(0, timeline.endMs / 1000, 10).map((seconds) =>
      words(x(seconds * 1000), height - 5, `${seconds} s`, "soft mid"),
    ),
  ];
  return picture({ width: WIDTH, height }, label, content);
}

function bufferArea({ buffer }: Timeline, x: (ms: number) => number): string[] {
  const most = Math.max(1, ...buffer.map(({ bufferedSeconds }) => bufferedSeconds));
  const y = scale([0, most], [BUFFER_HEIGHT, 8]);
  const corners = buffer.map(({ atMs, bufferedSeconds }) => `L${px(x(atMs))} ${px(y(bufferedSeconds))}`);
  const end = buffer.at(-1)?.atMs ?? 0;
  return [
    ...ticks(0, most, 2).flatMap((seconds) => [
      line([LEFT, y(seconds)], [WIDTH - 8, y(seconds)], "axis"),
      words(LEFT - 5, y(seconds) + 4, `${seconds} s`, "soft end"),
    ]),
    `<path d="M${px(x(buffer[0]?.atMs ?? 0))} ${px(y(0))}${corners.join("")}L${px(x(end))} ${px(y(0))}Z" class="buffer"/>`,
  ];
}

interface Lane {
  readonly nodeId: string;
  readonly at: number;
  readonly x: (ms: number) => number;
}

/** One path for each kind of ending, as there are a thousand attempts in a session. */
function lane(timeline: Timeline, { nodeId, at, x }: Lane): string[] {
  const top = BUFFER_HEIGHT + GAP + at * (LANE_HEIGHT + GAP);
  const rowHeight = LANE_HEIGHT / ROWS;
  const freeFromMs = Array.from({ length: ROWS }, () => 0);
  const paths = { attempt: "", stopped: "", lost: "" };
  const own = timeline.attempts.filter((attempt) => attempt.nodeId === nodeId);
  for (const { startedMs, endedMs, outcome } of own.toSorted((a, b) => a.startedMs - b.startedMs)) {
    const row = Math.max(
      0,
      freeFromMs.findIndex((ms) => ms <= startedMs),
    );
    freeFromMs[row] = endedMs;
    const kind = outcome === "complete" ? "attempt" : outcome === "cancelled" ? "stopped" : "lost";
    const width = Math.max(0.4, x(endedMs) - x(startedMs) - 0.3);
    paths[kind] +=
      `M${px(x(startedMs))} ${px(top + row * rowHeight)}h${px(width)}v${px(rowHeight - 0.8)}h-${px(width)}z`;
  }
  const faults = timeline.faults.filter((fault) => fault.nodeId === nodeId);
  return [
    box({ x: LEFT, y: top, width: WIDTH - 8 - LEFT, height: LANE_HEIGHT }, "lane"),
    ...faults.map(({ kind, fromMs, toMs }) => {
      const toX = x(Math.min(timeline.endMs, toMs ?? timeline.endMs));
      return box({ x: x(fromMs), y: top, width: toX - x(fromMs), height: LANE_HEIGHT }, "fault", kind);
    }),
    ...Object.entries(paths).flatMap(([kind, path]) =>
      path === "" ? [] : [`<path d="${path}" class="${kind} ${nodeClass(at)}"/>`],
    ),
    words(LEFT - 5, top + LANE_HEIGHT / 2 + 4, nodeId, "soft end"),
  ];
}
