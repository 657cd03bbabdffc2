/** What the choice of forms gains and what it costs, as the metadata server has counted it since it started. */
import { html, nothing } from "lit";
import { formText } from "#core/redundancy/form.ts";
import type { Efficiency } from "#wire/contract/redundancy-schemas.ts";
import { bytesText } from "../charts/quantities.ts";
import { agoText, ratioText } from "./overhead-view.ts";

export function renderEfficiency(efficiency: Efficiency, nowSeconds: number) {
  const { sinceSeconds, changes, flaps, changeBytes, repairBytes, servedBytes } = efficiency;
  const saved = efficiency.replicationBytes - efficiency.keptBytes;
  const sum = (name: string, figure: string, says: string) => html`<div>
    <dt>${name}</dt>
    <dd>${figure}</dd>
    <dd class="hint">${says}</dd>
  </div>`;
  return html`<section aria-labelledby="efficiency">
    <h2 id="efficiency">What it gains and costs</h2>
    <dl class="sums">
      ${sum(saved < 0 ? "More than copies" : "Less than copies", bytesText(Math.abs(saved)), "by the records, against three copies of all")}
      ${sum("Changes of form", String(changes), `${bytesText(changeBytes)} written; ${flaps} taken back within a week`)}
      ${sum("Made again", bytesText(repairBytes), "written for what was lost or rotten")}
      ${sum("Read by viewers", bytesText(servedBytes), "as the nodes count it")}
    </dl>
    <p class="hint">
      Counted by this metadata server since it started, ${agoText(nowSeconds - sinceSeconds)}; the forms are those of the
      records now.
    </p>
    ${renderForms(efficiency.forms)}
  </section>`;
}

function renderForms(forms: Efficiency["forms"]) {
  if (forms.length === 0) return nothing;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Bytes by form">
    <table>
      <caption class="visually-hidden">Videos and bytes of each form, by the records</caption>
      <thead>
        <tr>
          <th scope="col">Form</th>
          <th scope="col" class="number">Videos</th>
          <th scope="col" class="number">Content</th>
          <th scope="col" class="number">Kept</th>
        </tr>
      </thead>
      <tbody>
        ${forms.map(
          ({ form, videos, contentBytes, keptBytes }) => html`<tr>
            <th scope="row"><span class="form ${form.kind}">${formText(form)}</span></th>
            <td class="number">${videos}</td>
            <td class="number">${bytesText(contentBytes)}</td>
            <td class="number">${bytesText(keptBytes)} · ${ratioText(keptBytes, contentBytes)}</td>
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
