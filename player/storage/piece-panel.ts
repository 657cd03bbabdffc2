/** One place of the map in words, and what can be done to the piece there in a lab. */
import { html, nothing } from "lit";
import { formText } from "#core/redundancy/form.ts";
import type { Damage } from "#wire/contract/piece-api.ts";
import { bytesText } from "../charts/quantities.ts";
import type { MapCell } from "./map-cells.ts";
import { lossesWords, pieceName, rowName, STATE_WORDS } from "./map-cells.ts";

export interface PiecePanelView {
  readonly cell: MapCell | undefined;
  readonly isLab: boolean;
  readonly isPending: boolean;
  /** What a person did to it here, until the map shows that somebody noticed. */
  readonly damaged: Damage["damage"] | undefined;
  readonly onDamage: (damage: Damage["damage"]) => void;
}

const DAMAGED: Readonly<Record<Damage["damage"], string>> = {
  corrupt: "You flipped a byte of it. A check or a reader has to find that; scrubbing does.",
  delete: "You took its file away. The next look at the node's disk shows it missing.",
};

export function renderPiecePanel({ cell, isLab, isPending, damaged, onDamage }: PiecePanelView) {
  if (cell === undefined) {
    return html`<p class="hint piece">Choose a cell to see what is there${isLab ? ", and to damage it" : ""}.</p>`;
  }
  const { row, nodeId, piece } = cell;
  return html`<div class="piece card" role="region" aria-label="Chosen piece">
    <div>
      <h3>${rowName(row)} on ${nodeId}</h3>
      <p>
        ${
          piece === undefined
            ? "Nothing of this chunk is there, nor should be."
            : `${capital(pieceName(piece, row))}, ${STATE_WORDS[piece.state]}, ${bytesText(piece.bytes)} of ${bytesText(row.sizeBytes)}.`
        }
        The chunk: ${formText(row.form)}, ${lossesWords(row.lossesLeft)}.
      </p>
      <p class="hint hash"><code>${row.hash}</code>, record version ${row.version}</p>
      ${damaged === undefined ? nothing : html`<p class="warned">${DAMAGED[damaged]}</p>`}
    </div>
    ${
      piece === undefined || !isLab
        ? nothing
        : html`<div class="deeds">
            <button class="danger" aria-disabled=${isPending} @click=${() => onDamage("corrupt")}>Flip a byte</button>
            <button class="danger" aria-disabled=${isPending} @click=${() => onDamage("delete")}>Delete its file</button>
          </div>`
    }
  </div>`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
