import { expect, it } from "vitest";
import { hash32 } from "./text-hash.ts";

it("hash32() is the same for ever: placements on disks depend on it", () => {
  expect(["", "a", "node-1\u0000b"].map(hash32)).toMatchInlineSnapshot(`
    [
      2872998923,
      444641715,
      2533296984,
    ]
  `);
});
