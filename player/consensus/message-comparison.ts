/**
 * `<vstack-message-comparison>`: the same chunks stored twice on the same simulated network, by ChunkPaxos and by classic
 * Paxos beside a PUT, with every message counted; and what an old claim about it left out.
 */
import { css, html, LitElement, nothing } from "lit";
import { EventLog } from "#core/simulation/consensus/events.ts";
import type { MessageCount } from "#core/simulation/consensus/message-counts.ts";
import { compareMessages } from "#core/simulation/consensus/message-counts.ts";
import { elementStyles } from "../shell/element-styles.ts";
import { playStyles } from "./play-styles.ts";
import "./space-time-view.ts";

const SEED = 1;
const CHUNK_CHOICES = [1, 10, 60] as const;

export class MessageComparisonView extends LitElement {
  static override properties = { acceptors: { state: true }, chunks: { state: true } };

  declare acceptors: 3 | 5;
  declare chunks: number;

  constructor() {
    super();
    this.acceptors = 3;
    this.chunks = 1;
  }

  override render() {
    const { acceptors, chunks } = this;
    const logs = { chunkPaxos: new EventLog(), classicPaxos: new EventLog() };
    const { chunkPaxos, classicPaxos } = compareMessages({ seed: SEED, acceptors, chunks, logs });
    const nodeIds = Array.from({ length: acceptors }, (_, at) => `n${at + 1}`);
    return html`<section class="card" aria-labelledby="compare">
      <div class="head">
        <h2 id="compare">Beside classic Paxos</h2>
        <div class="choices">
          <select aria-label="Acceptors" @change=${this.#chooseAcceptors}>
            <option value="3" ?selected=${acceptors === 3}>3 acceptors</option>
            <option value="5" ?selected=${acceptors === 5}>5 acceptors</option>
          </select>
          <select aria-label="Chunks" @change=${this.#chooseChunks}>
            ${CHUNK_CHOICES.map(
              (count) => html`<option value=${count} ?selected=${count === chunks}>
                ${count} chunk${count === 1 ? "" : "s"}
              </option>`,
            )}
          </select>
        </div>
      </div>
      <p class="hint">
        Both are run here, now, on the same simulated network: the same machines, once begun as the owner with the bytes in
        the Accept, once with the bytes stored first and both phases after them.
      </p>
      <div class="scroller" tabindex="0" role="group" aria-label="Counts: scrolls sideways">
      <table>
        <thead>
          <tr>
            <th scope="col"><span class="visually-hidden">Protocol</span></th>
            <th scope="col">Messages</th>
            <th scope="col">of them for bytes</th>
            <th scope="col">for agreement alone</th>
            <th scope="col">Round trips</th>
          </tr>
        </thead>
        <tbody>
          ${renderCount("ChunkPaxos", "chunkPaxos", chunkPaxos, chunks)}
          ${renderCount("Classic Paxos", "classicPaxos", classicPaxos, chunks)}
        </tbody>
      </table>
      </div>
      ${
        chunks > 1
          ? nothing
          : html`<div class="pair">
              ${(["chunkPaxos", "classicPaxos"] as const).map((name) => {
                const { events } = logs[name];
                const title = name === "chunkPaxos" ? "ChunkPaxos" : "Classic Paxos";
                return html`<figure>
                  <figcaption>${title}</figcaption>
                  <vstack-space-time
                    .events=${events}
                    .eventCount=${events.length}
                    .nodeIds=${nodeIds}
                    .label=${title}
                  ></vstack-space-time>
                </figure>`;
              })}
            </div>`
      }
      <div class="claim">
        <h3>“6 messages instead of 9”</h3>
        <p>
          So said the program that this one descends from. It counted requests without their answers and without the bytes,
          and what it called a vote was a HEAD request that no node took for one. Its code sent three PUT, three HEAD, three
          HEAD again and a commit, each with an answer: 20 messages for a chunk, and nothing was agreed on. Counted in full,
          with answers and bytes and real votes, it is the table above: with three acceptors
          ${this.#countOf(3).chunkPaxos.messages} messages for one chunk against
          ${this.#countOf(3).classicPaxos.messages}, and one round trip against ${this.#countOf(3).classicPaxos.roundTrips}.
        </p>
      </div>
    </section>`;
  }

  #countOf(acceptors: 3 | 5) {
    return compareMessages({ seed: SEED, acceptors, chunks: 1 });
  }

  #chooseAcceptors = (event: Event): void => {
    if (event.target instanceof HTMLSelectElement) this.acceptors = event.target.value === "5" ? 5 : 3;
  };

  #chooseChunks = (event: Event): void => {
    if (event.target instanceof HTMLSelectElement) this.chunks = Number(event.target.value);
  };

  static override styles = [
    elementStyles,
    playStyles,
    css`
      .choices {
        display: flex;
        flex-wrap: wrap;
        gap: var(--space-2);
      }
      tbody th {
        border-top: 1px solid var(--line);
        color: var(--ink);
        font-size: 0.9375rem;
        font-weight: 600;
      }
      thead th {
        white-space: normal;
      }
      td {
        font-size: 1.0625rem;
        font-weight: 600;
      }
      td .hint {
        display: block;
        font-weight: 400;
      }
      .pair {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr));
        gap: var(--space-4);
      }
      figure {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: var(--space-2);
      }
      figcaption {
        font-size: var(--size-small);
        font-weight: 600;
      }
      .claim {
        display: grid;
        gap: var(--space-1);
        padding: var(--space-3) var(--space-4);
        border-radius: var(--radius);
        background: var(--surface-sunk);
      }
      .claim p {
        max-width: 80ch;
        color: var(--ink-soft);
        font-size: 0.9375rem;
      }
      @media (max-width: 46rem) {
        th,
        td {
          padding-inline: 4px;
          overflow-wrap: anywhere;
        }
        thead th {
          font-size: 0.75rem;
        }
        tbody th {
          white-space: normal;
        }
      }
    `,
  ];
}

function renderCount(name: string, id: string, { messages, withBytes, roundTrips }: MessageCount, chunks: number) {
  const each = chunks === 1 ? nothing : html`<span class="hint">${(messages / chunks).toFixed(2)} a chunk</span>`;
  const agreement = messages - withBytes;
  return html`<tr data-count=${id}>
    <th scope="row">${name}</th>
    <td>${messages} ${each}</td>
    <td>${withBytes}</td>
    <td>
      ${agreement}
      ${chunks === 1 ? nothing : html`<span class="hint">${(agreement / chunks).toFixed(2)} a chunk</span>`}
    </td>
    <td>${roundTrips}</td>
  </tr>`;
}

customElements.define("vstack-message-comparison", MessageComparisonView);
