import { describe, expect, it } from "vitest";
import { exposedMetrics } from "./exposition.contract.ts";

const HEAD = "# HELP a_total All\n# TYPE a_total counter\n";
const BUCKETS = "# HELP t Time\n# TYPE t histogram\n";

describe("exposedMetrics()", () => {
  it("reads counters, gauges and histograms with their labels, by name", () => {
    const histogram = `${BUCKETS}t_bucket{le="1",what="a\\"b"} 1\nt_bucket{le="+Inf",what="a\\"b"} 2\nt_sum{what="a\\"b"} 2.5\nt_count{what="a\\"b"} 2\n`;
    expect(exposedMetrics(`${histogram}\n${HEAD}a_total{x="1",b="2"} 1e+21\n`)).toEqual([
      { name: "a_total", type: "counter", labels: ["b", "x"] },
      { name: "t", type: "histogram", labels: ["what"] },
    ]);
  });

  it.each([
    ["no line feed at its end", `${HEAD}a_total 1`],
    ["a sample without TYPE", "a_total 1\n"],
    ["a sample below another's TYPE", `${HEAD}b_total 1\n`],
    ["a value that is no number", `${HEAD}a_total one\n`],
    ["a label that is not quoted", `${HEAD}a_total{b=1} 1\n`],
    ["a metric twice", `${HEAD}a_total 1\n${HEAD}a_total 1\n`],
    ["a series twice", `${HEAD}a_total{b="1"} 1\na_total{b="1"} 2\n`],
    ["a counter below 0", `${HEAD}a_total -1\n`],
    ["a counter that is not called _total", "# HELP a All\n# TYPE a counter\na 1\n"],
    ["a metric without a sample", HEAD],
    ["buckets that fall", `${BUCKETS}t_bucket{le="1"} 3\nt_bucket{le="+Inf"} 2\nt_sum 1\nt_count 2\n`],
    ["a last bucket that is not the count", `${BUCKETS}t_bucket{le="+Inf"} 2\nt_sum 1\nt_count 3\n`],
    ["a comment of another kind", `# hello\n${HEAD}a_total 1\n`],
  ])("refuses %s", (_what, text) => {
    expect(() => exposedMetrics(text)).toThrow();
  });
});
