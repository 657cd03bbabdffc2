import * as v from "valibot";
import { describe, expect, test } from "vitest";
import type { Entry } from "#core/consensus/messages.ts";
import type { ChunkRecord } from "#core/placement/record.ts";
import type { GrantedRequest } from "#wire/contract/consensus-api.ts";
import { EntriesRequestSchema, MAX_ACCEPT_HEADER_CHARACTERS } from "#wire/contract/consensus-api.ts";
import { CARRIED_ACCEPT } from "#wire/contract/headers.ts";
import { NodeIdSchema } from "#wire/contract/schemas.ts";
import { askEntries, askGroups, askSeal, askStates, carriedAccept } from "./acceptor-client.ts";

const VIDEO = "a".repeat(26);
const target = { nodeId: v.parse(NodeIdSchema, "node-1"), url: "http://node-1" };
const config = { group: 3, epoch: 1, members: [{ nodeId: "node-1", incarnation: "i1" }] };
const ballot = { epoch: 1, round: 1, proposer: "p" };
const accepted = { ballot, value: { version: 1, id: "p.1", previousId: null, body: null } };
const key = (seq: number) => `${VIDEO}/720p/${seq}`;
const ENTRIES: readonly Entry<ChunkRecord>[] = [
  { ask: "read", key: key(0) },
  { ask: "prepare", key: key(1), ballot },
  { ask: "accept", key: key(2), ballot, value: accepted.value },
];
const request: GrantedRequest = { config, incarnation: "i1", entries: ENTRIES, grants: [] };
const GOOD_REPLIES = [{ say: "state", accepted: null }, { say: "promised", accepted }, { say: "accepted" }];

/** Asks a node that answers with `body`, and keeps what it was asked. */
function askingOf(body: unknown) {
  const asked: { url: string; init: RequestInit }[] = [];
  const asking = {
    mint: async ({ method, subject }: { method: string; subject: string }) => `${method}-${subject}`,
    fetch: async (url: string, init: RequestInit) => {
      asked.push({ url, init });
      return new Response(JSON.stringify(body));
    },
    signal: new AbortController().signal,
  };
  return { asked, asking };
}

describe("askEntries()", () => {
  test("asks with a capability for the node's votes, and gives its replies", async () => {
    const answer = { say: "answered", replies: GOOD_REPLIES };
    const { asked, asking } = askingOf(answer);
    expect(await askEntries(target, request, asking)).toEqual(answer);
    expect(asked[0]).toMatchObject({
      url: "http://node-1/consensus/entries",
      init: { method: "POST", headers: { authorization: "Bearer VOTE-node-1" }, body: JSON.stringify(request) },
    });
  });

  test("gives refusals, and rejections of what may be rejected", async () => {
    const sealed = { say: "sealed", sealedEpoch: 4 };
    expect(await askEntries(target, request, askingOf(sealed).asking)).toEqual(sealed);
    const rejected = { say: "rejected", because: "promised", promised: ballot };
    const answer = { say: "answered", replies: [GOOD_REPLIES[0], rejected, rejected] };
    expect(await askEntries(target, request, askingOf(answer).asking)).toEqual(answer);
  });

  test.each([
    ["too few replies", GOOD_REPLIES.slice(1)],
    ["too many replies", [...GOOD_REPLIES, { say: "accepted" }]],
    ["a vote for a promise", [GOOD_REPLIES[0], { say: "accepted" }, GOOD_REPLIES[2]]],
    ["an installation for a vote", [GOOD_REPLIES[0], GOOD_REPLIES[1], { say: "installed" }]],
    ["a reading that is rejected", [{ say: "rejected", because: "taken", promised: null }, ...GOOD_REPLIES.slice(1)]],
  ])("counts no vote of an answer with %s", async (_what, replies) => {
    const { asking } = askingOf({ say: "answered", replies });
    await expect(askEntries(target, request, asking)).rejects.toMatchObject({ code: "bad-answer" });
  });
});

describe("askSeal() and askStates()", () => {
  const seal = { group: 3, toEpoch: 2, incarnation: "i1", after: key(1), limit: 10 };
  const states = [2, 3].map((seq) => ({ key: key(seq), accepted }));

  test("give pages that go on in the order of their keys", async () => {
    const page = { say: "page", states, isLast: false };
    expect(await askSeal(target, seal, askingOf(page).asking)).toEqual(page);
    const { asked, asking } = askingOf({ states, isLast: true });
    expect(await askStates(target, { group: 3, after: key(1) }, asking)).toEqual({ states, isLast: true });
    expect(asked[0]?.url).toBe(`http://node-1/consensus/states?group=3&after=${encodeURIComponent(key(1))}`);
  });

  test.each([
    ["keys out of order", [...states].reverse(), true],
    ["a key twice", [states[0], states[0]], true],
    ["a key of the page before", [{ key: key(1), accepted }], true],
    ["nothing, and more to come", [], false],
  ])("take no page with %s", async (_what, wrong, isLast) => {
    const { asking } = askingOf({ say: "page", states: wrong, isLast });
    await expect(askSeal(target, seal, asking)).rejects.toMatchObject({ code: "bad-answer" });
    await expect(askStates(target, { group: 3, after: key(1) }, asking)).rejects.toMatchObject({ code: "bad-answer" });
  });
});

test("askGroups() takes no other node's answer", async () => {
  const answer = (nodeId: string) => askingOf({ nodeId, incarnation: "i1", groups: [] }).asking;
  expect(await askGroups(target, answer("node-1"))).toMatchObject({ incarnation: "i1" });
  await expect(askGroups(target, answer("node-2"))).rejects.toMatchObject({ code: "bad-answer" });
});

describe("carriedAccept()", () => {
  test("puts a request into a header that can be read back", () => {
    const text = carriedAccept(request)[CARRIED_ACCEPT] ?? "";
    expect(text).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(v.parse(EntriesRequestSchema, JSON.parse(Buffer.from(text, "base64url").toString()))).toEqual(request);
  });

  test("refuses what no node would read", () => {
    const long = { ...request, grants: Array.from({ length: 20 }, () => "x".repeat(500)) };
    expect(() => carriedAccept(long)).toThrow(new RegExp(`at most ${MAX_ACCEPT_HEADER_CHARACTERS} are read`));
  });
});
