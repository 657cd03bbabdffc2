import { describe, expect, it } from "vitest";
import { followProgress } from "./progress.ts";

async function* parts(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield new TextEncoder().encode(text);
}
async function advances(...texts: string[]): Promise<number> {
  let count = 0;
  await followProgress(parts(...texts), () => (count += 1));
  return count;
}

describe("followProgress()", () => {
  it("counts when the output became longer, and only then", async () => {
    const block = (time: string) => `frame=1\nout_time_us=${time}\nout_time=whatever\nprogress=continue\n`;
    expect(await advances(block("N/A"), block("100"), block("100"), block("200"), block("150"))).toBe(2);
  });

  it("reads lines that come in pieces", async () => {
    expect(await advances("out_time_", "us=5", "00\nprogress=end\n")).toBe(1);
  });
});
