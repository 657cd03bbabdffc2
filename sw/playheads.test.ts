import { describe, expect, it } from "vitest";
import { manualClock } from "./manual-clock.contract.ts";
import { playheads } from "./playheads.ts";

const PLAYING = { bufferedSeconds: 8, playbackRate: 1, paused: false, isQualityFixed: false };

describe("playheads()", () => {
  it("knows nothing of a session that never spoke", () => {
    expect(playheads(manualClock()).slackSeconds("s")).toBeNull();
  });

  it("counts down while the video plays, by its rate, and not below zero", async () => {
    const clock = manualClock();
    const heads = playheads(clock);
    heads.set("s", { ...PLAYING, playbackRate: 2 });
    expect(heads.slackSeconds("s")).toBe(4);
    await clock.advance(1_500);
    expect(heads.slackSeconds("s")).toBe(2.5);
    await clock.advance(5_000);
    expect(heads.slackSeconds("s")).toBe(0);
  });

  it("stands still while the video is paused", async () => {
    const clock = manualClock();
    const heads = playheads(clock);
    heads.set("s", { ...PLAYING, paused: true });
    await clock.advance(3_000);
    expect(heads.slackSeconds("s")).toBe(8);
  });

  it("forgets a session that fell silent", async () => {
    const clock = manualClock();
    const heads = playheads(clock);
    heads.set("s", { ...PLAYING, bufferedSeconds: 100 });
    await clock.advance(10_001);
    expect(heads.slackSeconds("s")).toBeNull();
  });

  it("takes the quality for fixed as long as the player does not say otherwise", async () => {
    const clock = manualClock();
    const heads = playheads(clock);
    expect(heads.isQualityFixed("s")).toBe(false);
    heads.set("s", { ...PLAYING, isQualityFixed: true });
    await clock.advance(60_000);
    expect(heads.isQualityFixed("s")).toBe(true);
    heads.set("s", PLAYING);
    expect(heads.isQualityFixed("s")).toBe(false);
  });

  it("keeps 64 sessions, those that spoke last", () => {
    const heads = playheads(manualClock());
    for (let i = 0; i < 64; i += 1) heads.set(`s${i}`, PLAYING);
    heads.set("s0", PLAYING);
    heads.set("new", PLAYING);
    expect(heads.slackSeconds("s1")).toBeNull();
    expect(heads.slackSeconds("s0")).toBe(8);
    expect(heads.slackSeconds("new")).toBe(8);
  });
});
