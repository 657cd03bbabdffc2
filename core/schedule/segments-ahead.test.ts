import { describe, expect, it } from "vitest";
import type { Asked, Stay } from "./look-ahead.ts";
import { foresee } from "./look-ahead.ts";
import { naiveStrategy } from "./naive-strategy.ts";
import { segmentsAhead, unlikelyBecause } from "./segments-ahead.ts";
import type { Outlook } from "./strategy.ts";

const segment = (seq: number, rendition = "720p"): Asked => ({ rendition, slot: "segment", seq });
const init = (rendition = "720p"): Asked => ({ rendition, slot: "init", seq: 0 });
const IDLE: Outlook = {
  ...{ waitsFor: "segment", hasMissingBlocks: false, slackMs: 10_000, sharesBottleneck: false, isQualityFixed: false },
};
const BUSY = { ...IDLE, hasMissingBlocks: true };
/** The next one as soon as nodes would idle. */
const nextWhenIdle = { segmentsAhead: ({ hasMissingBlocks }: Outlook) => (hasMissingBlocks ? 0 : 1) };
const asks = { strategy: nextWhenIdle, outlook: IDLE, segmentCount: 100 };

describe("segmentsAhead()", () => {
  it("names the next segment when nodes would idle, and none while the wanted one has blocks to give away", () => {
    expect(segmentsAhead({ ...asks, foresight: foresee([segment(3), segment(4)]) })).toEqual([
      { rendition: "720p", seq: 5 },
    ]);
    expect(segmentsAhead({ ...asks, foresight: foresee([segment(3), segment(4)]), outlook: BUSY })).toEqual([]);
  });

  it("follows the strategy, in what it wants, within its own bound", () => {
    const foresight = foresee([segment(3), segment(4)]);
    expect(segmentsAhead({ ...asks, foresight, strategy: naiveStrategy })).toEqual([]);
    const seqs = segmentsAhead({ ...asks, foresight, strategy: { segmentsAhead: () => 9 } }).map(({ seq }) => seq);
    expect(seqs).toEqual([5, 6, 7]);
  });

  it("tells the strategy how long the player has stayed with the rendition", () => {
    const told: Stay[] = [];
    const strategy = {
      segmentsAhead: (_outlook: Outlook, stay: Stay) => {
        told.push(stay);
        return 1;
      },
    };
    const asked = [segment(1, "480p"), segment(2), segment(3), segment(4)];
    segmentsAhead({ ...asks, strategy, foresight: foresee(asked) });
    expect(told).toEqual([{ inARow: 3, hasSwitched: true }]);
  });

  it("names nothing behind the end of the rendition", () => {
    expect(segmentsAhead({ ...asks, foresight: foresee([segment(8), segment(9)]), segmentCount: 10 })).toEqual([]);
  });

  it("names the next of the rendition that was asked for last, with sound and picture in turn", () => {
    const asked = [segment(3), segment(3, "audio-2"), segment(4)];
    expect(segmentsAhead({ ...asks, foresight: foresee(asked) })).toEqual([{ rendition: "720p", seq: 5 }]);
    expect(segmentsAhead({ ...asks, foresight: foresee([...asked, segment(4, "audio-2")]) })).toEqual([
      { rendition: "audio-2", seq: 5 },
    ]);
  });

  it("names nothing after a jump", () => {
    expect(segmentsAhead({ ...asks, foresight: foresee([segment(3), segment(40)]) })).toEqual([]);
  });
});

describe("unlikelyBecause()", () => {
  it.each<[string, Asked, boolean, string | undefined]>([
    ["it is asked for", segment(5), true, undefined],
    ["the one before it is asked for", segment(4), true, undefined],
    ["the header of its rendition is asked for", init(), true, undefined],
    ["the player jumped on", segment(9), true, "elsewhere-in-time"],
    ["the player jumped back", segment(1), true, "elsewhere-in-time"],
    ["the same time of another quality is asked for", segment(5, "480p"), true, "another-rendition"],
    ["the header of another quality is asked for", init("480p"), true, "another-rendition"],
    ["sound is asked for beside it", segment(40, "audio-2"), false, undefined],
  ])("when %s", (_name, asked, isSameKind, because) => {
    expect(unlikelyBecause({ rendition: "720p", seq: 5 }, asked, isSameKind)).toBe(because);
  });
});
