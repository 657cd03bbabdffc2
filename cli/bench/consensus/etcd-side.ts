/**
 * The other side: three etcd servers as processes, asked by the JSON form of their API over HTTP, with the `fetch` that asks
 * ours. (Its gRPC form was up to 1.3 times as fast at 32 clients when both were tried.) "Create if absent" is a transaction that compares the revision of creation with 0 (etcd API reference, "Transaction").
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import * as v from "valibot";
import { positionText } from "#core/placement/position.ts";
import type { FetchPort } from "#wire/client/http.ts";
import { askJson } from "#wire/client/http.ts";
import { liveClock } from "#wire/client/live-clock.ts";
import { VStackError } from "#wire/contract/errors.ts";
import type { Links } from "../links/start-links.ts";
import { freePorts } from "./free-port.ts";
import type { NewRegister, RegisterSide } from "./register-side.ts";

const MEMBERS = 3;
const START_MS = 30_000;
const ASK_PAUSE_MS = 50;
/** A member without a leader answers with an error after about this. */
const WRITE_DEADLINE_MS = 7_000;

export interface EtcdOptions {
  readonly program: string;
  readonly folder: string;
  /** Injected between client and servers and among servers; 0: no links. */
  readonly roundTripMs: number;
  readonly links: Links | null;
  readonly fetch: FetchPort;
  readonly signal: AbortSignal;
}

interface EtcdMember {
  readonly name: string;
  /** For its client. */
  readonly url: string;
  readonly words: readonly string[];
  child: ChildProcess;
}

const StatusSchema = v.object({ header: v.object({ member_id: v.string() }), leader: v.optional(v.string(), "0") });
const TxnSchema = v.object({ succeeded: v.optional(v.boolean(), false) });
const HealthSchema = v.object({ health: v.picklist(["true", "false"]) });

/** First line of `etcd --version`; null where there is none. */
export async function etcdVersion(program: string): Promise<string | null> {
  const child = spawn(program, ["--version"], { stdio: ["ignore", "pipe", "ignore"] });
  let said = "";
  child.stdout.on("data", (part: Buffer) => {
    said += part.toString();
  });
  const ended = await new Promise<number | null>((resolve) => {
    child.once("error", () => {
      resolve(null);
    });
    child.once("close", resolve);
  });
  return ended === 0 ? (said.split("\n")[0] ?? "etcd") : null;
}

/** @throws VStackError `unavailable` when it does not serve */
export async function startEtcd(options: EtcdOptions): Promise<RegisterSide> {
  const members = await startMembers(options);
  await Promise.all(members.map(({ url }) => healthy(url, options.signal)));
  let writing = await leaderOf(members, options.signal);
  return {
    name: "etcd",
    async create(registers, bundling, signal) {
      const parts = bundling === "single" ? registers.map((one) => [one]) : [registers];
      await Promise.all(parts.map((part) => createAt(writing, part, { fetch: options.fetch, signal })));
    },
    async killOne() {
      const leader = await leaderOf(members, options.signal);
      const gone = once(leader.child, "exit");
      leader.child.kill("SIGKILL");
      await gone;
      // Its client goes on with another member, as etcd's own does.
      writing = members.find((member) => member !== leader) ?? leader;
      return {
        restart: async () => {
          leader.child = run(options.program, leader.words);
          await Promise.all(members.map(({ url }) => healthy(url, options.signal)));
          writing = await leaderOf(members, options.signal);
        },
      };
    },
    async stop() {
      await Promise.all(
        members.map(async ({ child }) => {
          if (child.exitCode !== null || child.signalCode !== null) return;
          const gone = once(child, "exit");
          child.kill("SIGKILL");
          await gone;
        }),
      );
    },
  };
}

async function startMembers({ program, folder, roundTripMs, links }: EtcdOptions): Promise<EtcdMember[]> {
  const ports = await freePorts(2 * MEMBERS);
  const loopback = (port: number | undefined) => `http://127.0.0.1:${port ?? 0}`;
  const seenAt = async (port: number | undefined) =>
    links === null ? loopback(port) : (await links.open(port ?? 0, roundTripMs / 2)).url;
  const places = await Promise.all(
    Array.from({ length: MEMBERS }, async (_, at) => {
      const [client, peer] = [ports[2 * at], ports[2 * at + 1]];
      return { name: `m${at + 1}`, client, peer, url: await seenAt(client), peerUrl: await seenAt(peer) };
    }),
  );
  const cluster = places.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(",");
  return places.map(({ name, client, peer, url, peerUrl }) => {
    const words = [
      ...["--name", name, "--data-dir", join(folder, name), "--log-level", "error", "--logger", "zap"],
      ...["--listen-client-urls", loopback(client), "--advertise-client-urls", url],
      ...["--listen-peer-urls", loopback(peer), "--initial-advertise-peer-urls", peerUrl],
      ...["--initial-cluster", cluster, "--initial-cluster-state", "new"],
    ];
    return { name, url, words, child: run(program, words) };
  });
}

function run(program: string, words: readonly string[]): ChildProcess {
  const child = spawn(program, words, { stdio: "ignore" });
  // Whoever waits for its health says that it is not there.
  child.on("error", () => undefined);
  return child;
}

async function healthy(url: string, signal: AbortSignal): Promise<void> {
  const deadlineMs = liveClock.nowMs() + START_MS;
  while (liveClock.nowMs() < deadlineMs) {
    const answer = await askJson(`${url}/health`, HealthSchema, { signal, deadlineMs: 2_000 }).catch(() => null);
    if (answer?.health === "true") return;
    signal.throwIfAborted();
    await liveClock.sleep(ASK_PAUSE_MS, signal);
  }
  throw new VStackError("unavailable", `Cannot use etcd as it was not healthy within ${START_MS / 1000} s`);
}

async function leaderOf(members: readonly EtcdMember[], signal: AbortSignal): Promise<EtcdMember> {
  for (const member of members) {
    const status = await askJson(`${member.url}/v3/maintenance/status`, StatusSchema, {
      ...{ method: "POST", body: "{}", signal },
    }).catch(() => null);
    if (status !== null && status.leader === status.header.member_id) return member;
  }
  throw new VStackError("unavailable", "Cannot find the leader of etcd");
}

async function createAt(
  { url }: EtcdMember,
  registers: readonly NewRegister[],
  { fetch, signal }: Pick<EtcdOptions, "fetch" | "signal">,
): Promise<void> {
  const keyed = registers.map(({ position, value }) => ({
    key: base64(positionText(position)),
    value: base64(JSON.stringify(value)),
  }));
  const body = {
    compare: keyed.map(({ key }) => ({ key, target: "CREATE", result: "EQUAL", create_revision: "0" })),
    success: keyed.map((one) => ({ request_put: one })),
  };
  const answer = await askJson(`${url}/v3/kv/txn`, TxnSchema, {
    ...{ method: "POST", body: JSON.stringify(body), fetch, signal, deadlineMs: WRITE_DEADLINE_MS },
    headers: { "content-type": "application/json" },
  });
  if (!answer.succeeded) throw new VStackError("conflict", "Cannot create as a register was there");
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
