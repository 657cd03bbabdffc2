/** The decisions of one segment: who could have been asked, with which predictions, who was, what it took, what it cost. */
import { css, html, nothing } from "lit";
import { styleMap } from "lit/directives/style-map.js";
import type { DecisionTrace, SegmentTrace } from "#wire/contract/segment-trace.ts";
import { nodeBackground, nodeLook } from "../charts/node-look.ts";
import { durationText, NO_DATA } from "../charts/quantities.ts";

const HEALTH_NOTES: Readonly<Record<string, string>> = {
  open: "✕ avoided",
  "half-open": "◐ on trial",
  quarantined: "⚠ quarantined",
};

export function renderDecisions({ decisions }: SegmentTrace) {
  if (decisions.length === 0) return nothing;
  return html`<h4>Decisions</h4>
    <p class="soft">
      Predictions are for the first range that was asked for. Regret is what the best candidate would have saved, by the
      first bytes and rates that the nodes showed in this segment.
    </p>
    <div class="scroll" tabindex="0" role="region" aria-label="Decisions">
      <table>
        <thead>
          <tr>
            <th scope="col" class="number">At</th>
            <th scope="col">Because</th>
            <th scope="col">Candidates and predictions</th>
            <th scope="col" class="number">Took</th>
            <th scope="col" class="number">Best possible</th>
            <th scope="col" class="number">Regret</th>
          </tr>
        </thead>
        <tbody>
          ${decisions.map(renderDecision)}
        </tbody>
      </table>
    </div>`;
}

function renderDecision(decision: DecisionTrace) {
  const { atMs, because, tookMs, bestNodeId, bestMs, regretMs } = decision;
  return html`<tr>
    <td class="number">${durationText(atMs)}</td>
    <th scope="row">${because}</th>
    <td class="candidates">${byPrediction(decision).map((candidate) => renderCandidate(candidate, decision))}</td>
    <td class="number">${durationText(tookMs)}</td>
    <td class="number">${bestMs === null ? NO_DATA : html`${durationText(bestMs)} ${bestNodeId}`}</td>
    <td class="number">${regretMs === null ? NO_DATA : html`<strong>${durationText(regretMs)}</strong>`}</td>
  </tr>`;
}

type Candidate = DecisionTrace["candidates"][number];

/** The soonest first; who is unknown comes last. */
function byPrediction({ candidates }: DecisionTrace): Candidate[] {
  return [...candidates].sort((a, b) => (a.predictedMs ?? Infinity) - (b.predictedMs ?? Infinity));
}

function renderCandidate({ nodeId, predictedMs, health }: Candidate, { chosen }: DecisionTrace) {
  const times = chosen.filter((id) => id === nodeId).length;
  const note = HEALTH_NOTES[health];
  return html`<span class="candidate ${times > 0 ? "chosen" : ""}">
    <span class="swatch" style=${styleMap({ background: nodeBackground(nodeLook(nodeId)) })}></span
    >${times > 0 ? html`<span aria-hidden="true">✓</span><span class="visually-hidden">chosen:</span> ` : nothing}${nodeId}
    ${predictedMs === null ? "unknown" : durationText(predictedMs)}${note === undefined ? nothing : ` ${note}`}
  </span>`;
}

export const decisionListStyles = css`
  .details h4 {
    margin: var(--space-2) 0 0;
    font-size: 0.875rem;
  }
  .candidates {
    white-space: normal;
  }
  .candidate {
    display: inline-block;
    margin-right: var(--space-3);
    color: var(--ink-soft);
    white-space: nowrap;
  }
  .chosen {
    color: var(--ink);
    font-weight: 600;
  }
`;
