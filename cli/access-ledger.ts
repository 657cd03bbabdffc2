/**
 * The client's emulated access links of a lab cluster: one ledger per session, kept by the process that started the nodes,
 * as the link lies behind all of them (wire/contract/access-ledger.ts). A node's sessions are bounded by the node; here
 * they end with it.
 */
import type { ChildProcess } from "node:child_process";
import * as v from "valibot";
import { SharedLink } from "#core/network/shared-link.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import { type AccessAsk, AccessAskSchema, type AccessGrant } from "#wire/contract/access-ledger.ts";
import { rateFromWords } from "#wire/contract/emulation-api.ts";

/** How long a want may wait for its share of a link that others want too. */
const TICK_MS = 5;

/** A node, as far as the ledger knows it. */
export type LedgerNode = Pick<ChildProcess, "on" | "once" | "send" | "connected">;

/** A transfer of a node. */
interface LinkFlow {
  readonly node: LedgerNode;
  readonly transfer: number;
}

interface SessionLink {
  readonly link: SharedLink<LinkFlow>;
  /** One object for each transfer that wants, as links tell flows apart by identity. */
  readonly flows: Map<LedgerNode, Map<number, LinkFlow>>;
  originMs: number;
}

export class AccessLedger {
  readonly #clock: Clock;
  readonly #sessions = new Map<string, SessionLink>();
  readonly #stopping = new AbortController();
  #isTicking = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Answers what the node asks, until it ends. */
  attach(node: LedgerNode): void {
    node.on("message", (message) => {
      const ask = v.safeParse(AccessAskSchema, message);
      if (ask.success) this.#hear(node, ask.output);
    });
    node.once("exit", () => {
      for (const session of this.#sessions.keys()) this.#forget(session, node);
    });
  }

  close(): void {
    this.#stopping.abort();
  }

  #hear(node: LedgerNode, ask: AccessAsk): void {
    const known = this.#sessions.get(ask.session);
    switch (ask.say) {
      case "access-open":
        this.#open(node, ask);
        break;
      case "access-want":
        if (known === undefined) return;
        for (const [transfer, bytes] of ask.wants) known.link.want(flowOf(known, node, transfer), bytes);
        this.#grant(ask.session, known);
        if (!this.#isTicking) void this.#keepTicking();
        break;
      case "access-leave": {
        const flow = known?.flows.get(node)?.get(ask.transfer);
        if (known !== undefined && flow !== undefined) known.link.leave(flow);
        known?.flows.get(node)?.delete(ask.transfer);
        break;
      }
      case "access-close":
        this.#forget(ask.session, node);
        break;
    }
  }

  #open(node: LedgerNode, { session, startedAtMs, rate }: AccessAsk & { say: "access-open" }): void {
    const nowMs = this.#clock.nowMs();
    const originMs = nowMs - (this.#clock.wallMs() - startedAtMs);
    const curve = rateFromWords(rate);
    const known = this.#sessions.get(session);
    if (known === undefined) {
      const link = new SharedLink<LinkFlow>(curve, nowMs - originMs);
      this.#sessions.set(session, { link, flows: new Map([[node, new Map<number, LinkFlow>()]]), originMs });
      return;
    }
    // Every node says so; those after the first change nothing that matters.
    known.flows.set(node, known.flows.get(node) ?? new Map<number, LinkFlow>());
    this.#grant(session, known);
    known.originMs = originMs;
    known.link.replace(curve, nowMs - originMs);
  }

  #forget(session: string, node: LedgerNode): void {
    const known = this.#sessions.get(session);
    if (known === undefined) return;
    known.link.leaveAll((flow) => flow.node === node);
    known.flows.delete(node);
    if (known.flows.size === 0) this.#sessions.delete(session);
  }

  async #keepTicking(): Promise<void> {
    this.#isTicking = true;
    const { signal } = this.#stopping;
    let isWanted = true;
    while (isWanted && !signal.aborted) {
      await this.#clock.sleep(TICK_MS, signal);
      isWanted = false;
      for (const [session, known] of this.#sessions) {
        this.#grant(session, known);
        isWanted ||= known.link.isWanted;
      }
    }
    this.#isTicking = false;
  }

  #grant(session: string, { link, originMs }: SessionLink): void {
    const byNode = new Map<LedgerNode, [number, number][]>();
    for (const { flow, bytes } of link.advance(this.#clock.nowMs() - originMs)) {
      const grants = byNode.get(flow.node) ?? [];
      grants.push([flow.transfer, bytes]);
      byNode.set(flow.node, grants);
    }
    for (const [node, grants] of byNode) {
      const grant: AccessGrant = { say: "access-grant", session, grants };
      // A node that is gone has nothing to send any more.
      if (node.connected) node.send(grant, () => {});
    }
  }
}

function flowOf({ flows }: SessionLink, node: LedgerNode, transfer: number): LinkFlow {
  const ofNode = flows.get(node) ?? new Map<number, LinkFlow>();
  flows.set(node, ofNode);
  const flow = ofNode.get(transfer) ?? { node, transfer };
  ofNode.set(transfer, flow);
  return flow;
}
