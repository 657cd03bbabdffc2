import { describe, expect, test } from "vitest";
import type { ChunkRecord, Holder } from "../placement/record.ts";
import type { ChangePlan } from "./change-plan.ts";
import { planChange } from "./change-plan.ts";
import { clusterOf, pieces, recordOf } from "./clusters.contract.ts";
import { pieceText } from "./form.ts";
import type { Change, ChangeCommand, ChangeEvent, ChangeStep } from "./transition.ts";
import { beginChange, MAX_PIECE_TRIES, MAX_UNANSWERED, onChangeEvent, resumeChange } from "./transition.ts";

const RULES = { graceSeconds: 900 };
const FROM = recordOf(pieces("a/replica b/replica c/replica"), 4);
const SHARDS = pieces("a/0 b/1 c/2 d/3 e/4");

function planTo(holders: readonly Holder[], faulty: readonly Holder[] = []): ChangePlan {
  const { scheme, blocksDigest } = recordOf(holders);
  const planned = planChange(
    { key: "v/720p/0", from: FROM, holders, scheme, blocksDigest, faulty, reason: "cold" },
    clusterOf("a b c d e f"),
  );
  if (planned.outcome !== "planned") throw new Error(planned.outcome);
  return planned.plan;
}

function words(commands: readonly ChangeCommand[]): string[] {
  return commands.map((command) => {
    switch (command.do) {
      case "write":
        return `write ${pieceText(command.piece)} for ${command.version}`;
      case "verify":
        return `verify ${pieceText(command.piece)}`;
      case "compare-and-set":
        return `set ${command.record.version} (${command.record.scheme.kind}) after ${command.expectedVersion}`;
      case "release":
        return command.releases
          .map(({ piece, epoch, notBeforeSeconds }) => `release ${pieceText(piece)} of ${epoch} at ${notBeforeSeconds}`)
          .join(", ");
      case "note":
      case "forget":
        return command.do;
    }
  });
}

/** Lives through events, all at 1000 s; what came of the last. */
function after(change: Change, ...events: ChangeEvent[]): ChangeStep {
  let step: ChangeStep = { change, commands: [] };
  for (const event of events) step = onChangeEvent(step.change, event, RULES, 1000);
  return step;
}

function allVerified(plan: ChangePlan): ChangeEvent[] {
  return plan.write.flatMap((piece): ChangeEvent[] => [
    { saw: "written", piece },
    { saw: "verified", piece },
  ]);
}

describe("onChangeEvent()", () => {
  const plan = planTo(SHARDS);
  const begun = beginChange(plan);

  test("notes, writes, reads back, sets, releases after the grace, forgets: in this order and nothing before", () => {
    expect(words(begun.commands)).toEqual(["note"]);
    const noted = after(begun.change, { saw: "noted" });
    expect(words(noted.commands)).toEqual(SHARDS.map((piece) => `write ${pieceText(piece)} for 5`));
    const [first, ...rest] = allVerified(plan);
    if (first === undefined) throw new Error("nothing is written");
    const written = after(noted.change, first);
    expect(words(written.commands)).toEqual(["verify a/0"]);
    expect(after(written.change, ...rest.slice(0, -1)).commands.map((command) => command.do)).toEqual(["verify"]);
    const verified = after(written.change, ...rest);
    expect(words(verified.commands)).toEqual(["set 5 (erasure) after 4"]);
    const set = after(verified.change, { saw: "decided", record: plan.to });
    expect(words(set.commands)).toEqual([
      "release a/replica of 5 at 1900, release b/replica of 5 at 1900, release c/replica of 5 at 1900",
    ]);
    const released = after(set.change, { saw: "released" });
    expect(words(released.commands)).toEqual(["forget"]);
    expect(after(released.change, { saw: "forgotten" }).change).toMatchObject({ step: "ended", outcome: "changed" });
  });

  const noted = after(begun.change, { saw: "noted" }).change;
  const deciding = after(noted, ...allVerified(plan)).change;

  test("a lost race ends cleanly: what the other record does not name is given up, with its version as epoch", () => {
    const other: ChunkRecord = { ...FROM, version: 5, holders: pieces("a/replica b/replica d/replica") };
    const lost = after(deciding, { saw: "decided", record: other });
    expect(lost.change.outcome).toBe("lost-race");
    expect(words(lost.commands).join()).not.toContain("a/replica");
    expect(words(lost.commands).join()).toContain("release c/replica of 5 at 1900");
    expect(words(lost.commands).join()).toContain("release d/3 of 5 at 1900");
  });

  test("gives up a piece that fails three times by a version that names what was there", () => {
    const [piece] = plan.write;
    if (piece === undefined) throw new Error("nothing is written");
    const failed: ChangeEvent = { saw: "piece-failed", piece, why: "no answer" };
    expect(words(after(noted, failed).commands)).toEqual(["write a/0 for 5"]);
    const given = after(noted, ...Array.from({ length: MAX_PIECE_TRIES }, () => failed));
    expect(words(given.commands)).toEqual(["set 5 (replication) after 4"]);
    expect(given.change.reason).toBe("Gave up as a/0 failed 3 times, at last: no answer");
    const settled = after(given.change, { saw: "decided", record: plan.giveUp });
    expect(settled.change.outcome).toBe("given-up");
    expect(words(settled.commands).join()).toContain("release d/3 of 5");
    expect(words(settled.commands).join()).not.toContain("replica");
  });

  test("asks a silent register again with the same value, then leaves the plan for later", () => {
    const silent: ChangeEvent = { saw: "undecided" };
    expect(words(after(deciding, silent).commands)).toEqual(["set 5 (erasure) after 4"]);
    const left = after(deciding, ...Array.from({ length: MAX_UNANSWERED }, () => silent));
    expect(left).toMatchObject({ change: { step: "postponed" }, commands: [] });
  });

  test("takes late and repeated answers for nothing", () => {
    const [piece] = plan.write;
    if (piece === undefined) throw new Error("nothing is written");
    for (const event of [
      { saw: "noted" },
      { saw: "verified", piece },
      { saw: "written", piece },
      { saw: "piece-failed", piece, why: "late" },
      { saw: "released" },
      { saw: "forgotten" },
    ] satisfies ChangeEvent[]) {
      expect(after(deciding, event)).toEqual({ change: deciding, commands: [] });
    }
  });

  test("a repair in place asks no register and releases nothing", () => {
    const inPlace = planTo(FROM.holders, pieces("b/replica"));
    const step = after(beginChange(inPlace).change, { saw: "noted" }, ...allVerified(inPlace));
    expect(words(step.commands)).toEqual(["forget"]);
    expect(step.change.outcome).toBe("changed");
  });
});

describe("resumeChange()", () => {
  const plan = planTo(SHARDS);
  const resumed = (record: ChunkRecord | null) => words(resumeChange(plan, record, RULES, 1000).commands);

  test("writes all again while the register holds what the plan began with", () => {
    expect(resumed(FROM)).toEqual(SHARDS.map((piece) => `write ${pieceText(piece)} for 5`));
  });

  test("releases what is not named any more when the register has moved on, to whatever", () => {
    expect(resumed(plan.to).join()).toBe(
      "release a/replica of 5 at 1900, release b/replica of 5 at 1900, release c/replica of 5 at 1900",
    );
    const later = resumed({ ...FROM, version: 9 }).join();
    expect(later).toContain("release e/4 of 9 at 1900");
    expect(later).not.toContain("replica");
  });

  test("gives up all that it wrote or dropped when the video is no more", () => {
    expect(resumed(null).join().split(", ")).toHaveLength(8);
  });
});
