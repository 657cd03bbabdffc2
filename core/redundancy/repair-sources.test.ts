import { describe, expect, test } from "vitest";
import { pieces, recordOf, SCHEME } from "./clusters.contract.ts";
import { pieceText } from "./form.ts";
import { sourcesFor } from "./repair-sources.ts";

const ERASED = recordOf(pieces("a/0 b/1 c/2 d/3 e/4"));
const REPLICATED = recordOf(pieces("a/replica b/replica c/replica"));

function sources(piece: string, readable: string, record = ERASED, scheme = record.scheme): string {
  const [wanted] = pieces(piece);
  if (wanted === undefined) throw new Error("no piece");
  const found = sourcesFor(wanted, record, readable === "" ? [] : pieces(readable), scheme);
  return found === undefined ? "none" : `${found.how} ${found.from.map(pieceText).join(" ")}`;
}

describe("sourcesFor()", () => {
  test("makes a shard from any k others, data shards first", () => {
    expect(sources("f/1", "e/4 d/3 c/2 a/0")).toBe("code a/0 c/2 d/3");
    expect(sources("f/1", "e/4 d/3 c/2")).toBe("code c/2 d/3 e/4");
    expect(sources("f/1", "e/4 d/3")).toBe("none");
    expect(sources("f/1", "e/4 d/3 g/4")).toBe("none");
  });

  test("prefers what costs least: the shard itself, a range of a replica, a replica", () => {
    expect(sources("f/1", "b/1 a/0 c/2 d/3")).toBe("copy b/1");
    expect(sources("f/1", "a/0 c/2 d/3 g/replica")).toBe("cut g/replica");
    expect(sources("f/4", "a/0 c/2 d/3 g/replica")).toBe("code g/replica");
  });

  test("goes from one form to the other", () => {
    expect(sources("d/0", "a/replica", REPLICATED, SCHEME)).toBe("cut a/replica");
    expect(sources("d/4", "a/replica", REPLICATED, SCHEME)).toBe("code a/replica");
    expect(sources("f/replica", "a/0 b/1 e/4", ERASED, { kind: "replication" })).toBe("code a/0 b/1 e/4");
    expect(sources("d/replica", "a/replica", REPLICATED)).toBe("copy a/replica");
    expect(sources("d/0", "a/replica", REPLICATED)).toBe("none");
  });

  test("reads a shard's bytes for a data shard and the chunk's for parity", () => {
    const [data, parity] = pieces("d/0 d/4");
    if (data === undefined || parity === undefined) throw new Error("no piece");
    const readable = pieces("a/replica");
    expect(sourcesFor(data, REPLICATED, readable, SCHEME)?.readBytes).toBe(1_000_000);
    expect(sourcesFor(parity, REPLICATED, readable, SCHEME)?.readBytes).toBe(3_000_000);
  });
});
