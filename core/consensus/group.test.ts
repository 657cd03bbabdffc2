import { describe, expect, it } from "vitest";
import { quorumOf } from "./group.ts";

describe("quorumOf()", () => {
  it("is so many that two quorums always share a member", () => {
    for (let count = 1; count <= 7; count += 1) {
      const members = Array.from({ length: count }, (_, at) => ({ nodeId: `n${at}`, incarnation: "i" }));
      const quorum = quorumOf({ group: 0, epoch: 1, members });
      expect(2 * quorum).toBeGreaterThan(count);
      expect(2 * (quorum - 1)).toBeLessThanOrEqual(count);
    }
  });
});
