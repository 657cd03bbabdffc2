/** The table of nodes in the panel: what is believed about each, in numbers with units, "no data" where nothing is known. */
import { css, html } from "lit";
import { styleMap } from "lit/directives/style-map.js";
import { nodeBackground, nodeLook } from "../charts/node-look.ts";
import { bytesText, durationText, NO_DATA, percentText, rateText } from "../charts/quantities.ts";
import type { NodeEstimateView } from "#wire/contract/segment-trace.ts";
import type { NodeFigures } from "./node-figures.ts";

const HEALTH_WORDS: Readonly<Record<string, string>> = {
  closed: "✓ healthy",
  open: "✕ avoided",
  "half-open": "◐ on trial",
  quarantined: "⚠ quarantined",
};

export function renderNodeTable(nodes: readonly NodeFigures[]) {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Nodes">
    <table class="nodes">
      <caption class="visually-hidden">What is believed about each node, and its share of the bytes shown</caption>
      <thead>
        <tr>
          <th scope="col">Node</th>
          <th scope="col">Health</th>
          <th scope="col" class="number">Share of bytes</th>
          <th scope="col" class="number">First byte p50 / p95</th>
          <th scope="col" class="number">Rate</th>
          <th scope="col" class="number">In flight</th>
          <th scope="col" class="number">Good / failed</th>
          <th scope="col" class="number">Samples</th>
        </tr>
      </thead>
      <tbody>
        ${nodes.map(renderNode)}
      </tbody>
    </table>
  </div>`;
}

function renderNode({ nodeId, estimate, share }: NodeFigures) {
  const background = nodeBackground(nodeLook(nodeId));
  const health = estimate === undefined ? NO_DATA : (HEALTH_WORDS[estimate.health] ?? estimate.health);
  const inFlight =
    estimate === undefined ? NO_DATA : `${estimate.inFlightRequests} · ${bytesText(estimate.inFlightBytes)}`;
  return html`<tr>
    <th scope="row"><span class="swatch" style=${styleMap({ background })}></span>${nodeId}</th>
    <td class=${estimate === undefined || estimate.health === "closed" ? "" : "unwell"}>${health}</td>
    <td class="number share">
      <span class="share-bar" aria-hidden="true"
        ><span style=${styleMap({ width: `${100 * (share ?? 0)}%`, background })}></span
      ></span>
      ${percentText(share)}
    </td>
    <td class="number">${firstByteText(estimate)}</td>
    <td class="number">${rateText(estimate?.rateBytesPerSecond ?? null)}</td>
    <td class="number">${inFlight}</td>
    <td class="number">${estimate === undefined ? NO_DATA : `${Math.round(estimate.successes)} / ${Math.round(estimate.failures)}`}</td>
    <td class="number">${estimate?.sampleCount ?? NO_DATA}</td>
  </tr>`;
}

function firstByteText(estimate: NodeEstimateView | undefined): string {
  if (estimate === undefined || estimate.firstByteMsP50 === null) return NO_DATA;
  return `${durationText(estimate.firstByteMsP50)} / ${durationText(estimate.firstByteMsP95)}`;
}

export const nodeTableStyles = css`
  .unwell {
    color: var(--bad);
    font-weight: 550;
  }
  .share {
    white-space: nowrap;
  }
  .share-bar {
    display: inline-block;
    width: 56px;
    height: 10px;
    margin-right: 6px;
    overflow: hidden;
    border-radius: 3px;
    background: var(--surface-sunk);
    text-align: left;
    vertical-align: middle;
    forced-color-adjust: none;
  }
  .share-bar span {
    display: block;
    height: 100%;
  }
`;
