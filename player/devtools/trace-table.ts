/** The rows of the waterfall as a plain table: the same facts for screen readers, keyboards and those who like tables. */
import { html } from "lit";
import type { SegmentTrace } from "#wire/contract/segment-trace.ts";
import { bytesText, durationText } from "../charts/quantities.ts";
import { segmentName, sourcesText, troublesOf } from "./trace-filter.ts";

export function renderTraceTable(traces: readonly SegmentTrace[]) {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Segments as a table">
    <table>
      <caption class="visually-hidden">Segments, newest first</caption>
      <thead>
        <tr>
          <th scope="col">Time</th>
          <th scope="col">Segment</th>
          <th scope="col">Strategy</th>
          <th scope="col">Outcome</th>
          <th scope="col">From</th>
          <th scope="col" class="number">First byte released</th>
          <th scope="col" class="number">Took</th>
          <th scope="col" class="number">Delivered</th>
          <th scope="col" class="number">Wasted</th>
          <th scope="col" class="number">Attempts</th>
          <th scope="col" class="number">In trouble</th>
          <th scope="col">Session</th>
        </tr>
      </thead>
      <tbody>
        ${traces.map(
          (trace) => html`<tr>
            <td>${timeOfDay(trace.startedAtMs)}</td>
            <th scope="row">${segmentName(trace)}</th>
            <td>${trace.strategy}</td>
            <td>${trace.outcome}${trace.failure === null ? "" : `: ${trace.failure}`}</td>
            <td>${sourcesText(trace)}</td>
            <td class="number">${durationText(trace.firstReleaseMs)}</td>
            <td class="number">${durationText(trace.endedMs)}</td>
            <td class="number">${bytesText(trace.deliveredBytes)}</td>
            <td class="number">${bytesText(trace.wastedBytes)}</td>
            <td class="number">${trace.attempts.length}</td>
            <td class="number">${troublesOf(trace)}</td>
            <td><code>${trace.session.slice(0, 8)}</code></td>
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** Local time with seconds. */
export function timeOfDay(unixMs: number): string {
  return new Date(unixMs).toLocaleTimeString("en-GB");
}
