/** Bytes on the nodes against content and against three copies of everything, and each node's part. */
import { html, nothing } from "lit";
import { styleMap } from "lit/directives/style-map.js";
import { REPLICA_COUNT } from "#core/placement/record.ts";
import type { Overhead } from "#wire/contract/storage-schemas.ts";
import { nodeBackground, nodeLook } from "../charts/node-look.ts";
import { bytesText, NO_DATA } from "../charts/quantities.ts";

/** `1.67x`; no ratio of nothing. */
export function ratioText(keptBytes: number | null, contentBytes: number): string {
  return keptBytes === null || contentBytes === 0 ? NO_DATA : `${(keptBytes / contentBytes).toFixed(2)}x`;
}

export function renderOverhead(overhead: Overhead, nowSeconds: number) {
  const { contentBytes, keptBytes, replicationBytes, countedAtSeconds, isComplete } = overhead;
  const most = Math.max(contentBytes, keptBytes ?? 0, replicationBytes, 1);
  const saved = keptBytes === null ? null : replicationBytes - keptBytes;
  const bar = (name: string, bytes: number | null, look: string) => html`<div class="bar-row">
    <dt>${name}</dt>
    <dd>
      <span class="bar" aria-hidden="true"
        ><span class=${look} style=${styleMap({ width: `${(100 * (bytes ?? 0)) / most}%` })}></span
      ></span>
      <span class="figure"
        >${bytes === null ? NO_DATA : bytesText(bytes)}
        <small>${ratioText(bytes, contentBytes)}</small></span
      >
    </dd>
  </div>`;
  return html`<section aria-labelledby="overhead">
    <h2 id="overhead">Bytes on the nodes</h2>
    <dl class="bars">
      ${bar("Content", contentBytes, "content")} ${bar("Kept, counted", keptBytes, "kept")}
      ${bar(`With ${REPLICA_COUNT} copies of all`, replicationBytes, "full")}
    </dl>
    <p class="hint">
      ${
        countedAtSeconds === null
          ? "Nothing was counted yet."
          : html`Counted from the nodes' inventories ${agoText(nowSeconds - countedAtSeconds)}${
              isComplete ? "" : ", without those that gave none"
            }.`
      }
      ${saved === null || contentBytes === 0 ? nothing : html`<strong>${savedText(saved)}</strong>`}
    </p>
    ${renderNodes(overhead)} ${renderWhole(overhead)}
  </section>`;
}

/** Kept are pieces alone; who asks the system sees what else is in the folders, too. */
function renderWhole({ keptBytes, otherBytes }: Overhead) {
  if (keptBytes === null || otherBytes === null) return nothing;
  return html`<p class="hint">
    Kept are replicas and shards as files, also those that no record names any more. Besides, the nodes' folders hold
    ${bytesText(otherBytes)}: journals of references and votes, the folders themselves, files put aside as wrong. Together
    that is <strong>${bytesText(keptBytes + otherBytes)}</strong>, what <code>du --apparent-size</code> says of them.
  </p>`;
}

function savedText(saved: number): string {
  return saved >= 0
    ? `${bytesText(saved)} less than with ${REPLICA_COUNT} copies.`
    : `${bytesText(-saved)} more than with ${REPLICA_COUNT} copies: something is on its way.`;
}

function renderNodes({ nodes }: Overhead) {
  if (nodes.length === 0) return nothing;
  const most = Math.max(1, ...nodes.map(({ counted }) => (counted?.replicaBytes ?? 0) + (counted?.shardBytes ?? 0)));
  const width = (bytes: number) => styleMap({ width: `${(100 * bytes) / most}%` });
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Pieces of each node">
    <table>
      <caption class="visually-hidden">Pieces and bytes of each node, by its inventory</caption>
      <thead>
        <tr>
          <th scope="col">Node</th>
          <th scope="col" class="wide">Replicas ▮ and shards ▯</th>
          <th scope="col" class="number">Replicas</th>
          <th scope="col" class="number">Shards</th>
          <th scope="col" class="number">Not named</th>
          <th scope="col" class="number">Besides</th>
        </tr>
      </thead>
      <tbody>
        ${nodes.map(
          ({ nodeId, counted, otherBytes }) => html`<tr>
            <th scope="row">
              <span class="swatch" style=${styleMap({ background: nodeBackground(nodeLook(nodeId)) })}></span>${nodeId}
            </th>
            ${
              counted === null
                ? html`<td class="wide">${NO_DATA}</td><td class="number">${NO_DATA}</td><td class="number">${NO_DATA}</td
                    ><td class="number">${NO_DATA}</td>`
                : html`<td class="wide">
                      <span class="bar thin" aria-hidden="true"
                        ><span class="kept" style=${width(counted.replicaBytes)}></span
                        ><span class="shards" style=${width(counted.shardBytes)}></span
                      ></span>
                    </td>
                    <td class="number">${counted.replicas} · ${bytesText(counted.replicaBytes)}</td>
                    <td class="number">${counted.shards} · ${bytesText(counted.shardBytes)}</td>
                    <td class="number">${bytesText(counted.unnamedBytes)}</td>`
            }
            <td class="number">${otherBytes === null ? NO_DATA : bytesText(otherBytes)}</td>
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** Of something that happened so many seconds ago; clocks of server and browser may differ a little. */
export function agoText(seconds: number): string {
  if (seconds < 2) return "just now";
  if (seconds < 120) return `${Math.round(seconds)} s ago`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min ago` : `${Math.round(seconds / 3600)} h ago`;
}
