/** `<vstack-nodes-page>`: the storage nodes of the cluster, as they are now; one may be asked to leave. */
import { html, LitElement, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { metadataClient } from "#wire/client/metadata-client.ts";
import type { LiveNode } from "#wire/contract/cluster-live-api.ts";
import { bytesText, counted, NO_DATA } from "../charts/quantities.ts";
import { announce } from "../shell/announce.ts";
import { confirmDeed } from "../shell/confirm-dialog.ts";
import { elementStyles } from "../shell/element-styles.ts";
import { pageStyles } from "../shell/page-styles.ts";
import { sumsStyles } from "../shell/sums-styles.ts";
import type { ClusterView } from "../state/cluster-link.ts";
import { watchCluster } from "../state/cluster-link.ts";
import "./node-card.ts";
import { nodesStyles } from "./nodes-styles.ts";
import type { Asked } from "./round-trips.ts";
import { RoundTrips } from "./round-trips.ts";

/** Votes change seldom, and each look at them is a look at every group. */
const VOTES_EVERY_MS = 4000;

export class NodesPage extends LitElement {
  static override properties = {
    view: { state: true },
    asked: { state: true },
    votes: { state: true },
    pending: { state: true },
  };
  static override styles = [elementStyles, pageStyles, sumsStyles, nodesStyles];

  declare view: ClusterView | undefined;
  declare asked: ReadonlyMap<string, Asked>;
  /** Acceptor groups of each node. */
  declare votes: ReadonlyMap<string, number>;
  /** Nodes with an order under way. */
  declare pending: ReadonlySet<string>;
  #run = new AbortController();

  constructor() {
    super();
    this.view = undefined;
    this.asked = new Map();
    this.votes = new Map();
    this.pending = new Set();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#run = new AbortController();
    const { signal } = this.#run;
    watchCluster((view) => this.#took(view), signal);
    new RoundTrips(
      () => this.#nodes.filter(({ state }) => state !== "dead"),
      (asked) => (this.asked = asked),
      signal,
    );
    const timer = setInterval(() => void this.#askVotes(signal), VOTES_EVERY_MS);
    signal.addEventListener("abort", () => clearInterval(timer));
    void this.#askVotes(signal);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#run.abort();
  }

  get #nodes(): readonly LiveNode[] {
    const order = new Intl.Collator("en", { numeric: true });
    return [...(this.view?.live?.nodes ?? [])].sort((a, b) => order.compare(a.id, b.id));
  }

  /** States are announced; figures are there for whoever reads them. */
  #took(view: ClusterView): void {
    const before = new Map(this.view?.live?.nodes.map(({ id, state }) => [id, state]));
    this.view = view;
    const changed = view.live?.nodes.filter(({ id, state }) => before.size > 0 && before.get(id) !== state) ?? [];
    if (changed.length > 0) announce(this, changed.map(({ id, state }) => `${id} is ${WORDS[state]}`).join(", "));
  }

  async #askVotes(signal: AbortSignal): Promise<void> {
    if (document.visibilityState === "hidden") return;
    const answer = await metadataClient("")
      .consensus(signal)
      .catch(() => undefined);
    // Without an answer nothing is known, rather than what was.
    this.votes = new Map(answer?.acceptors.map(({ nodeId, groups }) => [nodeId, groups]));
  }

  override render() {
    const nodes = this.#nodes;
    return html`<div class="page">
      <header>
        <h1 tabindex="-1">Nodes</h1>
        <p class="lead">
          Storage nodes as the metadata server hears them, and how far each is from this browser, which chooses by its own
          measurements.
        </p>
      </header>
      ${
        this.view?.status === "lost"
          ? html`<p class="trouble" role="alert">The metadata server does not answer: this is how it was.</p>`
          : nothing
      }
      ${this.view?.live === undefined ? nothing : this.#renderSummary(nodes)}
      <section aria-labelledby="each">
        <h2 id="each">Each node</h2>
        ${nodes.length === 0 && this.view?.live !== undefined ? html`<p class="calm">No node was ever heard.</p>` : nothing}
        <ul class="nodes">
          ${repeat(
            nodes,
            ({ id }) => id,
            (node) => html`<li>
              <vstack-node-card
                .node=${node}
                .asked=${this.asked.get(node.id)}
                .votesIn=${this.votes.get(node.id)}
                .isPending=${this.pending.has(node.id)}
                @vstack-drain=${(event: CustomEvent<boolean>) => void this.#drain(node, event.detail)}
              ></vstack-node-card>
            </li>`,
          )}
        </ul>
        <p class="hint">
          Each bar is two seconds: full, the node was heard as it should be; half, late; a
          stub, silent; pale, not known. Round trip is the time of <code>GET /ping</code> from this browser on an open connection, the
          last minute; figures of the scheduler itself are in the devtools.
        </p>
      </section>
    </div>`;
  }

  #renderSummary(nodes: readonly LiveNode[]) {
    const count = (state: LiveNode["state"]) => nodes.filter((node) => node.state === state).length;
    const sum = (of: (node: LiveNode) => number) => nodes.reduce((total, node) => total + of(node), 0);
    const away = [
      ...(count("suspect") > 0 ? [`${count("suspect")} late`] : []),
      ...(count("dead") > 0 ? [`${count("dead")} away`] : []),
    ];
    return html`<dl class="sums">
      <div>
        <dt>Alive</dt>
        <dd>${nodes.length === 0 ? NO_DATA : `${count("alive")} of ${counted(nodes.length, "node")}`}</dd>
        <dd class="hint">${away.length === 0 ? "all heard" : away.join(", ")}</dd>
      </div>
      <div>
        <dt>Kept</dt>
        <dd>${bytesText(sum(({ usedBytes }) => usedBytes))}</dd>
        <dd class="hint">${bytesText(sum(({ freeBytes }) => freeBytes))} free, as the nodes say</dd>
      </div>
      <div>
        <dt>Pieces</dt>
        <dd>${sum(({ chunkCount, shardCount = 0 }) => chunkCount + shardCount).toLocaleString()}</dd>
        <dd class="hint">replicas and shards, on all nodes together</dd>
      </div>
    </dl>`;
  }

  async #drain({ id }: LiveNode, isDraining: boolean): Promise<void> {
    const deed = async (signal: AbortSignal) => await metadataClient("").drainNode(id, isDraining, signal);
    if (!isDraining) {
      await this.#order(id, deed);
      return;
    }
    const isDone = await confirmDeed({
      title: `Drain ${id}?`,
      text: `${id} gets nothing new, and leaves the groups that it votes in as soon as other nodes can take its place. What it has moves there, too, and is served by it meanwhile. You can let it stay after all.`,
      ...{ yes: `Drain ${id}`, no: "Keep it", isDangerous: true },
      run: async (_, signal) => await deed(signal),
    });
    if (isDone) announce(this, `${id} is leaving`);
  }

  async #order(id: string, deed: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
    this.pending = new Set([...this.pending, id]);
    try {
      await deed(this.#run.signal);
      announce(this, `${id} stays`);
    } catch (error) {
      announce(this, error instanceof Error ? error.message : String(error));
    }
    this.pending = new Set([...this.pending].filter((other) => other !== id));
  }
}

const WORDS: Readonly<Record<LiveNode["state"], string>> = { alive: "alive", suspect: "late", dead: "away" };

customElements.define("vstack-nodes-page", NodesPage);
