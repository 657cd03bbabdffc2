import { describe, expect, test } from "vitest";
import type { GroupConfig, Member } from "#core/consensus/group.ts";
import { parseNodeId } from "#core/ids.ts";
import { invariant } from "#core/invariant.ts";
import type { FetchPort } from "#wire/client/http.ts";
import { MAX_ENTRIES } from "#wire/contract/consensus-api.ts";
import type { AcceptorAnswer, AcceptorLinks, MessageReport } from "./acceptor-links.ts";
import { acceptorLinks } from "./acceptor-links.ts";
import { createVirtualClock } from "./virtual-network.ts";

const VIDEO = "a".repeat(26);
const keyOf = (seq: number) => `${VIDEO}/720p/${seq}`;
const member = (nodeId: string): Member => ({ nodeId, incarnation: `${nodeId}.1` });
const config: GroupConfig = { group: 1, epoch: 1, members: ["n1", "n2", "n3"].map(member) };

interface Sent {
  readonly host: string;
  readonly keys: readonly string[];
  readonly grants: readonly string[];
  readonly answer: (response: Response | Error) => void;
}

/** Acceptors that answer when they are told. */
function world() {
  const sent: Sent[] = [];
  const reports: MessageReport[] = [];
  const clock = createVirtualClock();
  const fetch: FetchPort = (url, init) =>
    new Promise((resolve, reject) => {
      const body = JSON.parse(typeof init.body === "string" ? init.body : "") as {
        entries: { key: string }[];
        grants: string[];
      };
      sent.push({
        host: new URL(url).host,
        keys: body.entries.map(({ key }) => key),
        grants: body.grants,
        answer: (response) => {
          if (response instanceof Error) reject(response);
          else resolve(response);
        },
      });
    });
  const links = acceptorLinks({
    targetOf: (name) => {
      const nodeId = parseNodeId(name);
      invariant(nodeId !== undefined, "Cannot name the test's nodes");
      return name === "nobody" ? undefined : { nodeId, url: `http://${name}` };
    },
    mint: () => Promise.resolve("capability"),
    ...{ clock, fetch, signal: new AbortController().signal, atEndOfTurn: queueMicrotask },
    report: (message) => {
      reports.push(message);
    },
  });
  return { sent, reports, clock, links };
}

function read(links: AcceptorLinks, to: string, seq: number, isPatient = false): Promise<AcceptorAnswer> {
  const entry = { ask: "read", key: keyOf(seq) } as const;
  return links.ask(member(to), { config, entry, grant: seq % 2 === 0 ? "even" : null, isPatient });
}

/** Everything that can happen without the clock has happened. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

function answers(count: number): Response {
  const replies = Array.from({ length: count }, () => ({ say: "state", accepted: null }));
  return Response.json({ say: "answered", replies });
}

describe("acceptorLinks()", () => {
  test("makes one message of what one turn has to say to one acceptor, each grant once", async () => {
    const { links, sent, reports } = world();
    const asked = [0, 1, 2].map((seq) => read(links, "n1", seq));
    void read(links, "n2", 0);
    await settle();
    expect(sent.map(({ host, keys }) => [host, keys.length])).toEqual([
      ["n1", 3],
      ["n2", 1],
    ]);
    expect(sent[0]?.grants).toEqual(["even"]);
    sent[0]?.answer(answers(3));
    expect(await Promise.all(asked)).toEqual(Array(3).fill({ saw: "reply", reply: { say: "state", accepted: null } }));
    expect(reports).toMatchObject([{ nodeId: "n1", entries: 3, isLost: false }]);
  });

  test("has two messages under way to an acceptor, and makes one of what comes meanwhile", async () => {
    const { links, sent } = world();
    for (let seq = 0; seq < 10; seq += 1) {
      void read(links, "n1", seq);
      await settle();
    }
    expect(sent.map(({ keys }) => keys.length)).toEqual([1, 1]);
    sent[0]?.answer(answers(1));
    await settle();
    expect(sent.map(({ keys }) => keys.length)).toEqual([1, 1, 8]);
  });

  test("puts no more into a message than an acceptor reads, and no key twice", async () => {
    const { links, sent } = world();
    for (let seq = 0; seq <= MAX_ENTRIES; seq += 1) void read(links, "n1", seq);
    await settle();
    expect(sent.map(({ keys }) => keys.length)).toEqual([MAX_ENTRIES, 1]);
    const other = world();
    void read(other.links, "n1", 1);
    void read(other.links, "n1", 1);
    await settle();
    expect(other.sent.map(({ keys }) => keys.length)).toEqual([1, 1]);
  });

  test("lets patient questions wait for others, and sends them when somebody hurries", async () => {
    const { links, sent, clock } = world();
    void read(links, "n1", 0, true);
    void read(links, "n1", 1, true);
    await settle();
    expect(sent).toHaveLength(0);
    clock.wakeNext();
    await settle();
    expect(sent.map(({ keys }) => keys.length)).toEqual([2]);
    void read(links, "n2", 0, true);
    links.hurry();
    await settle();
    expect(sent.map(({ host }) => host)).toEqual(["n1", "n2"]);
  });

  test("counts no answer, a wrong one and an unknown node as lost, and doubts the node until it answers", async () => {
    const { links, sent } = world();
    const lost = [read(links, "n1", 0), read(links, "n2", 0), read(links, "nobody", 0)];
    await settle();
    sent.find(({ host }) => host === "n1")?.answer(new TypeError("connection refused"));
    sent.find(({ host }) => host === "n2")?.answer(answers(2));
    expect(await Promise.all(lost)).toEqual(Array(3).fill({ saw: "lost" }));
    expect(links.isDoubtful("n1")).toBe(true);
    expect(links.isDoubtful("n3")).toBe(false);
    const again = read(links, "n1", 1);
    await settle();
    sent.at(-1)?.answer(answers(1));
    await again;
    await settle();
    expect(links.isDoubtful("n1")).toBe(false);
    links.heard("n1", true);
    expect(links.isDoubtful("n1")).toBe(true);
  });

  test("gives a refusal to everybody in the message", async () => {
    const { links, sent } = world();
    const asked = [read(links, "n1", 0), read(links, "n1", 1)];
    await settle();
    sent[0]?.answer(Response.json({ say: "sealed", sealedEpoch: 4 }));
    expect(await Promise.all(asked)).toEqual(
      Array(2).fill({ saw: "refusal", refusal: { say: "sealed", sealedEpoch: 4 } }),
    );
  });
});
