/** One segment in full: its attempts and why each was made. Shown under the waterfall for the row in focus. */
import { css, html, nothing } from "lit";
import { styleMap } from "lit/directives/style-map.js";
import type { AttemptTrace, SegmentTrace } from "#wire/contract/segment-trace.ts";
import { nodeBackground, nodeLook } from "../charts/node-look.ts";
import { bytesText, durationText, NO_DATA } from "../charts/quantities.ts";
import { renderDecisions } from "./decision-list.ts";
import { segmentName } from "./trace-filter.ts";

export function renderDetails(trace: SegmentTrace) {
  return html`<section class="details" aria-label="Details of the segment">
    <h3>
      ${segmentName(trace)} <span class="soft">· ${trace.strategy} · ${trace.outcome} · ${trace.driver}</span>
    </h3>
    <p class="soft">
      ${bytesText(trace.sizeBytes)}, delivered ${bytesText(trace.deliveredBytes)}, wasted ${bytesText(trace.wastedBytes)};
      first byte released after ${durationText(trace.firstReleaseMs)}
      ${trace.failure === null ? nothing : html`· <strong>${trace.failure}</strong>`}
    </p>
    ${
      trace.attempts.length === 0
        ? html`<p class="soft">No node was asked: the bytes came from ${placeText(trace)}.</p>`
        : html`<div class="scroll" tabindex="0" role="region" aria-label="Attempts">
            <table>
              <thead>
                <tr>
                  <th scope="col">Node</th>
                  <th scope="col">Because</th>
                  <th scope="col" class="number">Range</th>
                  <th scope="col" class="number">Started</th>
                  <th scope="col" class="number">First byte</th>
                  <th scope="col" class="number">Ended</th>
                  <th scope="col" class="number">Predicted</th>
                  <th scope="col" class="number">Verify</th>
                  <th scope="col">Outcome</th>
                </tr>
              </thead>
              <tbody>
                ${trace.attempts.map(renderAttempt)}
              </tbody>
            </table>
          </div>`
    }
    ${trace.decodes.length === 0 ? nothing : html`<p class="soft">${decodedText(trace)}</p>`}
    ${renderDecisions(trace)}
  </section>`;
}

/** What no node delivered: which columns, made from which shards. */
function decodedText({ decodes }: SegmentTrace): string {
  const bytes = decodes.reduce((sum, { start, end }) => sum + end - start, 0);
  const tookMs = decodes.reduce((sum, decode) => sum + decode.tookMs, 0);
  const named = (shards: readonly number[]) => [...new Set(shards)].sort((a, b) => a - b).join(", ");
  const made = named(decodes.flatMap(({ shards }) => shards));
  const from = named(decodes.flatMap((decode) => decode.from));
  return `Decoded ${bytesText(bytes)} of shard ${made} in ${decodes.length} pieces from the shards ${from}, in ${durationText(tookMs)}.`;
}

function renderAttempt(attempt: AttemptTrace) {
  const firstByteMs = attempt.firstByteMs === null ? null : attempt.firstByteMs - attempt.startedMs;
  const reason = attempt.reason === null ? "" : `: ${attempt.reason}`;
  return html`<tr>
    <th scope="row">
      <span class="swatch" style=${styleMap({ background: nodeBackground(nodeLook(attempt.nodeId)) })}></span
      >${attempt.nodeId}${attempt.shard === null ? nothing : html` <span class="soft">shard ${attempt.shard}</span>`}
    </th>
    <td>${attempt.because}${attempt.because === "ahead" ? " of the player" : ""}</td>
    <td class="number">${bytesText(attempt.receivedBytes)} of ${bytesText(attempt.end - attempt.start)}</td>
    <td class="number">${durationText(attempt.startedMs)}</td>
    <td class="number">${firstByteMs === null ? NO_DATA : `+${durationText(firstByteMs)}`}</td>
    <td class="number">${durationText(attempt.endedMs)}</td>
    <td class="number">${durationText(attempt.predictedMs)}</td>
    <td class="number">${durationText(attempt.verifyMs)}</td>
    <td>${outcomeSign(attempt)} ${attempt.outcome ?? "running"}${reason}</td>
  </tr>`;
}

function placeText(trace: SegmentTrace): string {
  switch (trace.servedFrom) {
    case "cache":
      return "this browser's cache, verified earlier";
    case "gateway":
      return "the gateway, as no node could be reached";
    case "nodes":
      return "nowhere yet";
  }
}

/** A shape for each end of an attempt, so that colour is not needed to tell them apart. */
export function outcomeSign(attempt: AttemptTrace): string {
  switch (attempt.outcome) {
    case "complete":
      return "✓";
    case "failed":
      return "✕";
    case "stalled":
      return "◷";
    case "corrupt":
      return "⚠";
    case "cancelled":
      return "⊘";
    case null:
      return "…";
  }
}

export const detailsStyles = css`
  .details {
    display: grid;
    gap: var(--space-2);
    padding: var(--space-3) 0;
  }
  .details h3 {
    font-size: 0.9375rem;
  }
  .soft {
    color: var(--ink-soft);
    font-weight: 400;
  }
`;
