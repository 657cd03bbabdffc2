/** What the links make of answers that no sound node gives. nodes/routes/pieces.test.ts has them talk to a node. */
import { describe, expect, test } from "vitest";
import { parseChunkHash, parseNodeId } from "#core/ids.ts";
import { invariant } from "#core/invariant.ts";
import type { FetchPort } from "#wire/client/http.ts";
import type { ErrorCode } from "#wire/contract/errors.ts";
import { PROBLEM_KINDS, problemType } from "#wire/contract/problem.ts";
import { pieceLinks } from "./piece-links.ts";

const hash = parseChunkHash("ab".repeat(32));
const nodeId = parseNodeId("n1");
invariant(hash !== undefined && nodeId !== undefined, "Cannot name the test's chunk and node");
const node = { nodeId, url: "http://n1" };
const piece = { hash, shard: 4 };
const never = new AbortController().signal;
const key = `${"a".repeat(26)}/meta`;

function linksTo(answer: (url: URL, init: RequestInit) => Response | Promise<Response>) {
  const fetch: FetchPort = async (url, init) => answer(new URL(url), init);
  return pieceLinks({ fetch, mint: async ({ method, subject }) => `${method} ${subject}` });
}

function problem(code: ErrorCode): Response {
  const body = { type: problemType(code), ...PROBLEM_KINDS[code] };
  return Response.json(body, { status: body.status, headers: { "content-type": "application/problem+json" } });
}

const badAnswer = { code: "bad-answer" };

describe("put()", () => {
  const request = { piece, bytes: new Uint8Array(10), key, version: 3 };
  const good = { ...piece, sizeBytes: 10, nodeId, existed: false, references: 1 };

  test("names position, version and digest, with a capability of this very piece", async () => {
    const asked: URL[] = [];
    const links = linksTo((url) => {
      asked.push(url);
      return Response.json(url.pathname.includes("shards") ? good : { ...good, vote: null });
    });
    await links.put(node, request, never);
    await links.put(node, { ...request, piece: { hash, shard: null } }, never);
    expect(asked.map(({ pathname }) => pathname)).toEqual([`/chunks/${hash}/shards/4`, `/chunks/${hash}`]);
    expect(Object.fromEntries(asked[0]?.searchParams ?? [])).toEqual({
      ...{ position: key, version: "3", capability: `PUT ${hash}/shards/4` },
      digest: "01d448afd928065458cf670b60f5a594d735af0172c8d67f22a81680132681ca",
    });
    expect(asked[1]?.searchParams.has("digest")).toBe(false);
  });

  test.each([{ shard: 3 }, { sizeBytes: 9 }, { nodeId: "n2" }, { hash: "0".repeat(64) }])(
    "does not count the acknowledgement of something else: %j",
    async (wrong) => {
      const links = linksTo(() => Response.json({ ...good, ...wrong }));
      await expect(links.put(node, request, never)).rejects.toMatchObject(badAnswer);
    },
  );
});

describe("read()", () => {
  const request = { piece, sizeBytes: 100, range: { start: 10, end: 30 } };
  const part = (bytes: number, range: string, headers = {}) =>
    new Response(new Uint8Array(bytes), { status: 206, headers: { "content-range": range, ...headers } });

  test.each([
    ["fewer bytes", () => part(19, "bytes 10-29/100")],
    ["more bytes", () => part(21, "bytes 10-29/100")],
    ["a length that is too long", () => part(20, "bytes 10-29/100", { "content-length": "9000000" })],
    ["another range", () => part(20, "bytes 11-30/100")],
    ["a piece of another size", () => part(20, "bytes 10-29/101")],
    ["the whole piece", () => new Response(new Uint8Array(100))],
  ])("takes no %s", async (_, answer) => {
    await expect(linksTo(answer).read(node, request, never)).rejects.toMatchObject(badAnswer);
  });

  test("asks for the range, and says that it is for upkeep", async () => {
    const links = linksTo((url, init) => {
      expect(url.search).toBe("?purpose=upkeep");
      expect(new Headers(init.headers).get("range")).toBe("bytes=10-29");
      return part(20, "bytes 10-29/100");
    });
    expect(await links.read(node, request, never)).toHaveLength(20);
  });

  test("ends when it is given up, also in the middle of the bytes", async () => {
    const stop = new AbortController();
    const links = linksTo((_, init) => {
      const body = new ReadableStream({
        start: (controller) => {
          controller.enqueue(new Uint8Array(5));
          init.signal?.addEventListener("abort", () => {
            controller.error(new Error("aborted"));
          });
          setImmediate(() => {
            stop.abort();
          });
        },
      });
      return new Response(body, { status: 206, headers: { "content-range": "bytes 10-29/100" } });
    });
    await expect(links.read(node, request, stop.signal)).rejects.toMatchObject({ code: "aborted" });
  });
});

describe("release()", () => {
  const request = { piece, key, epoch: 7 };

  test("carries the epoch, and tells refused from gone", async () => {
    const answers: Record<string, () => Response> = {
      released: () => Response.json({ ...piece, references: 2, deleted: false }),
      refused: () => problem("conflict"),
      gone: () => problem("not-found"),
    };
    const outcome = (name: string) =>
      linksTo((url, init) => {
        expect([init.method, url.searchParams.get("version"), url.searchParams.get("position")]).toEqual([
          ...["DELETE", "7", key],
        ]);
        return answers[name]?.() ?? problem("internal");
      }).release(node, request, never);
    expect(await outcome("released")).toBe("released");
    expect(await outcome("refused")).toBe("refused");
    expect(await outcome("gone")).toBe("released");
    await expect(outcome("other")).rejects.toMatchObject({ code: "internal" });
  });

  test("does not take the release of another piece for its own", async () => {
    const links = linksTo(() => Response.json({ hash, shard: 3, references: 0, deleted: true }));
    await expect(links.release(node, request, never)).rejects.toMatchObject(badAnswer);
  });
});

describe("verify()", () => {
  test.each([{ verdicts: [] }, { verdicts: ["intact", "intact"] }, { nodeId: "n2" }])(
    "takes no verdicts that do not fit: %j",
    async (wrong) => {
      const links = linksTo(() => Response.json({ nodeId, verdicts: ["intact"], ...wrong }));
      await expect(links.verify(node, [piece], never)).rejects.toMatchObject(badAnswer);
    },
  );

  test("asks nobody about nothing", async () => {
    expect(await linksTo(() => problem("internal")).verify(node, [], never)).toEqual([]);
  });
});

describe("inventory()", () => {
  const entry = (shard: number) => ({ hash, shard, sizeBytes: 1, isHere: true, references: [] });
  const page = { nodeId, incarnation: "i", pieces: [entry(1)], isLast: false };
  const listing = async (...pages: object[]) => {
    const shards = [];
    const links = linksTo(() => Response.json(pages.shift()));
    for await (const pieces of links.inventory(node, never)) shards.push(...pieces.map(({ shard }) => shard));
    return shards;
  };

  test("goes on behind the last piece until the last page", async () => {
    expect(await listing(page, { ...page, pieces: [entry(2), entry(3)], isLast: true })).toEqual([1, 2, 3]);
    expect(await listing({ ...page, pieces: [], isLast: true })).toEqual([]);
  });

  test("does not go round in circles with a node that does", async () => {
    await expect(listing(page, page)).rejects.toMatchObject(badAnswer);
    await expect(listing(page, { ...page, pieces: [] })).rejects.toMatchObject(badAnswer);
    await expect(listing({ ...page, pieces: [entry(2), entry(1)] })).rejects.toMatchObject(badAnswer);
  });

  test("mixes no two disks and no two nodes", async () => {
    const other = { ...page, pieces: [entry(2)], incarnation: "j" };
    await expect(listing(page, other)).rejects.toMatchObject({ code: "conflict" });
    await expect(listing({ ...page, nodeId: "n2" })).rejects.toMatchObject(badAnswer);
  });
});
