import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { heated, NO_HEAT } from "./demand.ts";
import type { Form } from "./form.ts";
import { ERASURE, REPLICATION } from "./form.ts";
import type { VideoFacts, WaitingChange } from "./policy.ts";
import { admitChanges, recommend } from "./policy.ts";
import type { PolicyConfig } from "./policy-config.ts";
import { DEFAULT_CONFIG } from "./policy-config.ts";

const DAY = 86_400;
const NOW = 100 * DAY;
const HYBRID = { ...DEFAULT_CONFIG, policy: "hybrid" } as const;
const VIEWS = { ...DEFAULT_CONFIG, policy: "views" } as const;

/** An old video, long in its form, read so many times just now. */
function video(readings: number, form: Form, change: Partial<VideoFacts> = {}): VideoFacts {
  const heat = heated(NO_HEAT, { bytes: readings * 1000, views: readings }, DEFAULT_CONFIG, NOW);
  return { sizeBytes: 1000, uploadedAtSeconds: 0, heat, form, formSinceSeconds: 0, override: null, ...change };
}

function answer(facts: VideoFacts, config: PolicyConfig = DEFAULT_CONFIG, now = NOW) {
  const { form, because, changes } = recommend(facts, config, now);
  return `${form.kind}+${form.replicas} ${because}${changes ? "" : ", stays"}`;
}

describe("recommend(), adaptive", () => {
  test("promotes above one threshold, demotes below the other, and leaves what is between", () => {
    expect(answer(video(13, ERASURE))).toBe("replication+3 hot");
    expect(answer(video(11, ERASURE))).toBe("erasure+0 between, stays");
    expect(answer(video(7, REPLICATION))).toBe("replication+3 between, stays");
    expect(answer(video(5, REPLICATION))).toBe("erasure+0 cold");
  });

  test("keeps a video replicated that cooled over night and was popular all week", () => {
    let heat = NO_HEAT;
    for (let day = 60; day < 100; day += 1)
      heat = heated(heat, { bytes: 20_000, views: 20 }, DEFAULT_CONFIG, day * DAY);
    expect(answer(video(0, REPLICATION, { heat }), DEFAULT_CONFIG, 101.9 * DAY)).toBe("replication+3 between, stays");
  });

  test("keeps a new upload as it is for a day, then says when to ask again no more", () => {
    const fresh = video(0, REPLICATION, { uploadedAtSeconds: NOW - 3600, formSinceSeconds: NOW - 3600 });
    expect(recommend(fresh, DEFAULT_CONFIG, NOW)).toMatchObject({
      because: "new",
      changes: false,
      againAtSeconds: NOW - 3600 + DAY,
      reason: "New: stays in replication for another 23.0 h",
    });
    expect(answer(fresh, DEFAULT_CONFIG, NOW + DAY)).toBe("erasure+0 cold");
  });

  test("dwells an hour in the cold form and a day in the hot one, with its reason", () => {
    const demoted = video(50, ERASURE, { formSinceSeconds: NOW - 600 });
    expect(recommend(demoted, DEFAULT_CONFIG, NOW)).toMatchObject({
      because: "dwell",
      againAtSeconds: NOW + 3000,
      reason:
        "Read 50.00 (short) and 7.14 (long) times its size lately, above 12, but in erasure for 10 min of 60 min that it stays",
    });
    expect(answer(video(0, REPLICATION, { formSinceSeconds: NOW - DAY + 1 }))).toBe("replication+3 dwell, stays");
    expect(answer(video(0, REPLICATION, { formSinceSeconds: NOW - DAY }))).toBe("erasure+0 cold");
  });

  test("never changes twice within the dwell times, whatever is read", () => {
    const readings = fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 50, maxLength: 200 });
    const property = fc.property(readings, (hours) => {
      let facts = video(0, REPLICATION, { heat: NO_HEAT, formSinceSeconds: NOW });
      for (const [hour, count] of hours.entries()) {
        const now = NOW + hour * 3600;
        facts = { ...facts, heat: heated(facts.heat, { bytes: count * 1000, views: count }, DEFAULT_CONFIG, now) };
        const { changes, form } = recommend(facts, DEFAULT_CONFIG, now);
        if (!changes) continue;
        expect(now - facts.formSinceSeconds).toBeGreaterThanOrEqual(facts.form.kind === "replication" ? DAY : 3600);
        facts = { ...facts, form, formSinceSeconds: now };
      }
    });
    fc.assert(property, { seed: 22, numRuns: 100 });
  });
});

describe("recommend(), other rules", () => {
  test("a person's choice stands over heat, dwell and newness", () => {
    const facts = video(0, ERASURE, { override: "replication", uploadedAtSeconds: NOW, formSinceSeconds: NOW });
    expect(answer(facts)).toBe("replication+3 manual");
    expect(answer({ ...facts, override: "erasure" })).toBe("erasure+0 manual, stays");
  });

  test("views: more than a thousand, for ever", () => {
    expect(answer(video(1001, ERASURE), VIEWS)).toBe("replication+3 views");
    expect(answer(video(1000, REPLICATION), VIEWS)).toBe("erasure+0 views");
    expect(answer(video(1001, REPLICATION), VIEWS, NOW + 10_000 * DAY)).toBe("replication+3 views, stays");
  });

  test("hybrid: shards always, replicas on top by heat, each level with its own thresholds", () => {
    expect(answer(video(0, REPLICATION), HYBRID)).toBe("erasure+0 cold");
    expect(answer(video(13, ERASURE), HYBRID)).toBe("erasure+1 hot");
    expect(answer(video(49, ERASURE), HYBRID)).toBe("erasure+2 hot");
    expect(answer(video(1000, ERASURE), HYBRID)).toBe("erasure+2 hot");
    expect(answer(video(25, { kind: "erasure", replicas: 2 }), HYBRID)).toBe("erasure+2 between, stays");
    expect(answer(video(23, { kind: "erasure", replicas: 2 }), HYBRID)).toBe("erasure+1 cold");
    expect(answer(video(13, REPLICATION), HYBRID)).toBe("erasure+1 hot");
  });

  test("adaptive takes the replicas away that another policy left", () => {
    expect(answer(video(8, { kind: "erasure", replicas: 1 }))).toBe("erasure+0 between");
  });
});

describe("admitChanges()", () => {
  const waiting = (key: string, facts: VideoFacts, sizeBytes = 1000): WaitingChange => ({
    key,
    sizeBytes,
    recommendation: recommend(facts, DEFAULT_CONFIG, NOW),
  });
  const all = [
    waiting("cold", video(0, REPLICATION)),
    waiting("cool", video(3, REPLICATION)),
    waiting("hot", video(20, ERASURE)),
    waiting("hotter", video(40, ERASURE)),
    waiting("stays", video(8, ERASURE)),
    waiting("chosen", video(0, REPLICATION, { override: "erasure" })),
  ];
  const keys = (changes: readonly WaitingChange[]) => changes.map(({ key }) => key);

  test("lets people first, then promotions from the hottest, then demotions from the coldest", () => {
    expect(keys(admitChanges(all, 0, DEFAULT_CONFIG))).toEqual(["chosen", "hotter", "hot", "cold", "cool"]);
  });

  test("stops at the budget, and lets one that is larger than the budget go alone", () => {
    const config = { ...DEFAULT_CONFIG, transitionBytes: 2500 };
    expect(keys(admitChanges(all, 0, config))).toEqual(["chosen", "hotter"]);
    expect(keys(admitChanges(all, 2000, config))).toEqual([]);
    expect(keys(admitChanges([waiting("large", video(20, ERASURE), 9999)], 0, config))).toEqual(["large"]);
    expect(keys(admitChanges([waiting("large", video(20, ERASURE), 9999)], 1, config))).toEqual([]);
  });
});
