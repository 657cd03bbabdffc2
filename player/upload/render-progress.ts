/** How far an upload is, drawn: phases, bar, words. For rows of this page's queue and of the server's list alike. */
import { css, html, nothing } from "lit";
import type { ItemView } from "./item-view.ts";
import { atRiskText, PHASE_NAMES } from "./item-view.ts";

const MARK_TEXT = { done: "done", now: "under way", ahead: "not yet" } as const;

/** @param name of the file or video, for screen readers */
export function renderProgress(view: ItemView, name: string) {
  const { phases, headline, detail, share, tone, chunksAtRisk } = view;
  return html`
    ${
      phases === undefined
        ? nothing
        : html`<ol class="phases" aria-label="Phases">
            ${PHASE_NAMES.map((phase, index) => {
              const mark = phases[index] ?? "ahead";
              return html`<li class=${mark} aria-current=${mark === "now" ? "step" : nothing}>
                ${phase}<span class="visually-hidden">: ${MARK_TEXT[mark]}</span>
              </li>`;
            })}
          </ol>`
    }
    ${
      share === undefined
        ? nothing
        : html`<progress
            max="1"
            value=${share ?? nothing}
            aria-label="Progress of ${name}"
          ></progress>`
    }
    <p class="words ${tone}">
      <span class="headline">${headline}</span>
      ${detail === "" ? nothing : html`<span class="detail">${renderDetail(detail)}</span>`}
    </p>
    ${chunksAtRisk === 0 ? nothing : html`<p class="risk">${atRiskText(chunksAtRisk)}</p>`}
  `;
}

/** A command stands by itself, so that it can be read and copied. */
function renderDetail(detail: string) {
  const [, before, command] = /^(.*?:) (ffmpeg -i .*)$/.exec(detail) ?? [];
  if (command === undefined) return detail;
  // Lines break between words alone: after the hyphen of an option would be wrong.
  return html`${before}<code>${command.split(" ").map((word) => html`<span>${word}</span> `)}</code>`;
}

export const progressStyles = css`
  .phases {
    display: grid;
    grid-template-columns: repeat(5, minmax(min-content, 1fr));
    gap: 4px;
    margin: 0;
    padding: 0;
    list-style: none;
    font-size: var(--size-small);
    color: var(--ink-soft);
  }
  .phases li {
    padding-top: 6px;
    border-top: 3px solid var(--line);
    white-space: nowrap;
  }
  .phases .done {
    border-color: var(--good);
  }
  .phases .now {
    border-color: var(--accent);
    color: var(--ink);
    font-weight: 600;
  }
  progress {
    display: block;
    width: 100%;
    height: 6px;
    border: 0;
    border-radius: 3px;
    overflow: hidden;
    appearance: none;
    background: var(--surface-sunk);
    accent-color: var(--accent);
    color: var(--accent);
  }
  progress::-webkit-progress-bar {
    background: var(--surface-sunk);
  }
  progress::-webkit-progress-value {
    border-radius: 3px;
    background: var(--accent);
  }
  progress::-moz-progress-bar {
    background: var(--accent);
  }
  progress:indeterminate {
    background: linear-gradient(90deg, var(--surface-sunk) 0 35%, var(--accent) 50%, var(--surface-sunk) 65% 100%) 0 0 /
      220% 100%;
    animation: passing 1.6s linear infinite;
  }
  progress:indeterminate::-webkit-progress-bar {
    background: transparent;
  }
  @keyframes passing {
    from {
      background-position: 120% 0;
    }
    to {
      background-position: -100% 0;
    }
  }
  @media (prefers-reduced-motion: reduce) {
    progress:indeterminate {
      animation: none;
    }
  }
  .words {
    display: flex;
    flex-wrap: wrap;
    justify-content: space-between;
    gap: 0 var(--space-4);
    font-size: 0.9375rem;
    font-variant-numeric: tabular-nums;
    overflow-wrap: anywhere;
  }
  .words > * {
    min-width: 0;
  }
  .words.bad {
    display: grid;
    gap: var(--space-1);
  }
  code {
    display: block;
    margin-top: var(--space-2);
    padding: var(--space-2) var(--space-3);
    border-radius: var(--radius-small);
    background: var(--surface-sunk);
    color: var(--ink);
    font-family: var(--font-mono);
    font-size: var(--size-small);
  }
  code span {
    white-space: nowrap;
  }
  .detail {
    color: var(--ink-soft);
  }
  .good .headline {
    color: var(--good);
    font-weight: 550;
  }
  .warn .detail {
    color: var(--warn);
  }
  .bad .headline {
    color: var(--bad);
  }
  .risk {
    display: flex;
    align-items: baseline;
    gap: 6px;
    color: var(--warn);
    font-size: var(--size-small);
    font-weight: 550;
  }
  .risk::before {
    content: "";
    flex: none;
    width: 9px;
    height: 9px;
    background: var(--warn);
    clip-path: polygon(50% 0, 100% 100%, 0 100%);
  }
`;
