import { expect, test } from "vitest";
import { videoIdFromBytes } from "#core/ids.ts";
import { embedCode } from "./embed-code.ts";

const id = videoIdFromBytes(new Uint8Array(16).fill(5));

test("embedCode() names the embedded player's address", () => {
  expect(embedCode({ id, title: "Film" }, "https://video.example")).toContain(
    `src="https://video.example/embed/${id}" title="Film"`,
  );
});

test("embedCode() lets no title out of its attribute", () => {
  const code = embedCode({ id, title: `"><script>alert('x')</script>&amp;` }, "https://video.example");
  expect(code.match(/[<>]/g)).toHaveLength(4);
  expect(code.match(/"/g)?.length).toBe(embedCode({ id, title: "" }, "https://video.example").match(/"/g)?.length);
  expect(code).toContain("&#38;amp;");
});
