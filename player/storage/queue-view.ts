/** Work of redundancy that runs, waits and ended lately, with its rates; and the two things that a person may begin. */
import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { formText } from "#core/redundancy/form.ts";
import type { Decision, Ended, Queue, Running, Waiting } from "#wire/contract/redundancy-schemas.ts";
import { bytesText, counted, durationText, NO_DATA, percentText } from "../charts/quantities.ts";
import { lossesWords } from "./map-cells.ts";
import { agoText } from "./overhead-view.ts";

/** Of each kind; the counts say how many there are. */
const LISTED = 6;

const KINDS: Readonly<Record<Running["kind"], string>> = {
  change: "Change of form",
  repair: "Repair",
  move: "Move",
  drain: "Drain",
};
const OUTCOMES: Readonly<Record<Ended["outcome"], string>> = {
  changed: "✓ done",
  "lost-race": "– somebody else was first",
  "given-up": "✕ given up",
};

export interface QueueDeeds {
  readonly isPending: boolean;
  readonly onStart: (what: "repair" | "scrub") => void;
}

/** @param queue null: nobody looks after redundancy */
export function renderQueue(queue: Queue | null, { isPending, onStart }: QueueDeeds) {
  return html`<section aria-labelledby="queue">
    <div class="section-head">
      <h2 id="queue">At work</h2>
      ${
        queue === null
          ? nothing
          : html`<div class="deeds">
              <button aria-disabled=${isPending || queue.repair.isRunning} @click=${() => onStart("repair")}>
                Repair now
              </button>
              <button aria-disabled=${isPending || queue.scrub.isRunning} @click=${() => onStart("scrub")}>
                Scrub now
              </button>
            </div>`
      }
    </div>
    ${
      queue === null
        ? html`<p class="calm">${NO_DATA}</p>`
        : html`<div class="panels">${renderRepair(queue)} ${renderScrub(queue)} ${renderChanges(queue)}</div>
            ${renderRunning(queue)} ${renderWaiting(queue)} ${renderEnded(queue)}`
    }
  </section>`;
}

/** Bytes a second as disks count. */
function diskRateText(bytesPerSecond: number | null): string {
  return bytesPerSecond === null ? NO_DATA : `${bytesText(bytesPerSecond)}/s`;
}

function renderRepair({ repair, atSeconds }: Queue) {
  const total = repair.bytesDone + repair.bytesLeft;
  const left = repair.bytesPerSecond === null ? null : repair.bytesLeft / Math.max(1, repair.bytesPerSecond);
  return html`<div class="panel">
    <h3>Repair</h3>
    <p>
      ${
        repair.isRunning
          ? `${counted(repair.chunksDone, "chunk")} done, ${repair.chunksLeft} left`
          : repair.endedAtSeconds === null
            ? "Nothing to repair"
            : `Last ended ${agoText(atSeconds - repair.endedAtSeconds)}: ${counted(repair.chunksDone, "chunk")}`
      }${repair.failed > 0 ? html`, <span class="trouble">${repair.failed} failed</span>` : nothing}
    </p>
    ${
      repair.isRunning && total > 0
        ? html`<progress aria-label="Progress of the repair" max="1" .value=${repair.bytesDone / total}></progress>`
        : nothing
    }
    ${
      repair.underSpread === 0
        ? nothing
        : html`<p class="trouble">
            ${counted(repair.underSpread, "chunk")} survive fewer than two losses: there are too few failure domains
          </p>`
    }
    <p class="hint">
      ${diskRateText(repair.bytesPerSecond)}, at most ${diskRateText(repair.limitBytesPerSecond)} now${
        repair.isRunning && left !== null ? html`; ${durationText(left * 1000)} left at that` : nothing
      }
    </p>
  </div>`;
}

function renderScrub({ scrub, atSeconds }: Queue) {
  const share = scrub.bytesTotal === 0 ? null : scrub.bytesChecked / scrub.bytesTotal;
  return html`<div class="panel">
    <h3>Scrub</h3>
    <p>
      ${
        scrub.isRunning
          ? `${scrub.piecesChecked} of ${counted(scrub.piecesTotal, "piece")}, ${percentText(share)}`
          : scrub.completedAtSeconds === null
            ? "No cycle was completed yet"
            : `Last cycle ended ${agoText(atSeconds - scrub.completedAtSeconds)}: ${counted(scrub.piecesChecked, "piece")}`
      }
    </p>
    ${
      scrub.isRunning && share !== null
        ? html`<progress aria-label="Progress of the scrub" max="1" .value=${share}></progress>`
        : nothing
    }
    <p class=${scrub.corrupt + scrub.missing > 0 ? "trouble" : "hint"}>
      Found ${scrub.corrupt} corrupt, ${scrub.missing} missing
    </p>
    <p class="hint">
      ${diskRateText(scrub.bytesPerSecond)}${
        scrub.reportsWaiting > 0 ? `; ${counted(scrub.reportsWaiting, "complaint")} to check` : ""
      }${scrub.isTooSlow ? "; the limit is too low for the cycle that is wanted" : ""}
    </p>
  </div>`;
}

function renderChanges({ runningCount, waitingCount, waitingBytes, changeBytesPerSecond, releasesWaiting }: Queue) {
  return html`<div class="panel">
    <h3>Changes</h3>
    <p>${runningCount} running, ${waitingCount} waiting</p>
    <p class="hint">${bytesText(waitingBytes)} to write; ${diskRateText(changeBytesPerSecond)}</p>
    <p class="hint">${counted(releasesWaiting, "old piece")} kept until their grace is over</p>
  </div>`;
}

function renderRunning({ running }: Queue) {
  if (running.length === 0) return nothing;
  return html`<div>
    <h3>Running</h3>
    <ul class="work">
      ${repeat(
        running.slice(0, LISTED),
        ({ kind, key }) => `${kind} ${key}`,
        (work) => html`<li>
          <p><strong>${KINDS[work.kind]}</strong> <code>${work.key}</code> <span class="hint">${work.step}</span></p>
          <progress
            aria-label="Progress of ${work.key}"
            max="1"
            .value=${work.bytes === 0 ? 0 : work.writtenBytes / work.bytes}
          ></progress>
          <p class="hint">${work.reason}</p>
        </li>`,
      )}
    </ul>
  </div>`;
}

function renderWaiting({ waiting, waitingCount, atSeconds }: Queue) {
  if (waiting.length === 0) return nothing;
  return html`<div>
    <h3>Waiting, most endangered first</h3>
    <ul class="work">
      ${repeat(
        waiting.slice(0, LISTED),
        ({ kind, key }) => `${kind} ${key}`,
        (work) => html`<li>
          <p>
            <strong>${KINDS[work.kind]}</strong> <code>${work.key}</code>
            <span class="hint">${bytesText(work.bytes)}${waitText(work, atSeconds)}</span>
          </p>
          <p class="hint">${work.reason}${work.lossesLeft === null ? "" : `; ${lossesWords(work.lossesLeft)}`}</p>
        </li>`,
      )}
    </ul>
    ${waitingCount > LISTED ? html`<p class="hint">and ${waitingCount - LISTED} more</p>` : nothing}
  </div>`;
}

function waitText({ untilSeconds }: Waiting, atSeconds: number): string {
  return untilSeconds === null ? "" : `, in ${durationText(Math.max(0, untilSeconds - atSeconds) * 1000)}`;
}

function renderEnded({ ended, atSeconds }: Queue) {
  if (ended.length === 0) return nothing;
  return html`<div>
    <h3>Ended lately</h3>
    <ul class="work">
      ${ended.slice(0, LISTED).map(
        (work) => html`<li>
          <p>
            ${OUTCOMES[work.outcome]} <strong>${KINDS[work.kind]}</strong> <code>${work.key}</code>
            <span class="hint"
              >${agoText(atSeconds - work.atSeconds)}, ${bytesText(work.bytes)} in ${durationText(work.tookSeconds * 1000)}</span
            >
          </p>
          <p class="hint">${work.reason}</p>
        </li>`,
      )}
    </ul>
  </div>`;
}

export function renderDecisions(
  decisions: readonly Decision[],
  titles: ReadonlyMap<string, string>,
  atSeconds: number,
) {
  return html`<section aria-labelledby="decisions">
    <h2 id="decisions">Decided lately</h2>
    ${
      decisions.length === 0
        ? html`<p class="calm">Nothing was decided yet: every video has the form that it was stored in.</p>`
        : html`<ul class="work">
            ${decisions.map(
              (decision) => html`<li>
                <p>
                  <strong>${titles.get(decision.videoId) ?? decision.videoId}</strong>: ${formText(decision.from)} →
                  ${formText(decision.to)} <span class="hint">${agoText(atSeconds - decision.atSeconds)}</span>
                </p>
                <p class="hint">${decision.reason}</p>
              </li>`,
            )}
          </ul>`
    }
  </section>`;
}
