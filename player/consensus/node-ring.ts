/**
 * `<vstack-node-ring>`: nodes on a ring, programs in its middle, messages on their way. A drawing for the eye: everything in
 * it is also in the tables beside it, which keyboards and screen readers use.
 */
import { css, html, nothing, svg } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { NodeView, ProgramView } from "#core/simulation/consensus/playground.ts";
import { nodeLook } from "../charts/node-look.ts";
import { elementStyles } from "../shell/element-styles.ts";
import { KIND_LOOKS, PHASE_LOOKS } from "./event-looks.ts";
import { MomentView } from "./moment-view.ts";
import { playStyles } from "./play-styles.ts";
import { PlayWishEvent } from "./play-wish.ts";
import { eventsOfFrame, frameAt } from "./recording.ts";
import type { FlyingPoint, Point } from "./ring-layout.ts";
import { flyingPoints, NODE_RADIUS, ringPlaces, RING_SIZE } from "./ring-layout.ts";

const NODE_PX = 34;
const PROGRAM_PX = 21;
const MESSAGE_PX = 10;

export class NodeRing extends MomentView {
  override render() {
    const { recording } = this;
    if (recording === undefined) return nothing;
    const { view } = frameAt(recording, this.at);
    const now = eventsOfFrame(recording, this.at);
    const acting = new Set(now.map(({ node }) => node));
    const others = now.flatMap(({ node }) => (node === "" ? [] : [node]));
    const places = ringPlaces(view, others);
    const flying = flyingPoints(view, places, recording.events);
    const words = `${view.nodes.length} nodes, ${view.flying.length} messages on their way`;
    return html`<svg viewBox="0 0 ${RING_SIZE} ${RING_SIZE}" role="img" aria-label=${words}>
        <circle class="orbit" cx=${RING_SIZE / 2} cy=${RING_SIZE / 2} r=${NODE_RADIUS} />
        ${flying.map((one) => this.#renderPath(one))}
        ${view.nodes.map((node) => renderNode(node, places.get(node.nodeId), acting.has(node.nodeId)))}
        ${[...places.keys()]
          .filter((name) => !view.nodes.some(({ nodeId }) => nodeId === name))
          .map((name) => {
            const program = view.programs.find((one) => one.name === name);
            return renderProgram(name, program, places.get(name), acting.has(name));
          })}
        ${repeat(
          flying,
          ({ message }) => message.id,
          (one) => this.#renderMessage(one),
        )}
      </svg>
      <p class="legend">
        <span>● asks</span><span>○ answers</span><span>▪ with bytes</span><span>${KIND_LOOKS.write.sign} in memory</span
        ><span>${KIND_LOOKS.flush.sign} on disk</span>
        ${(["prepare", "accept", "read", "seal", "install", "store"] as const).map(
          (phase) => html`<span>${PHASE_LOOKS[phase].letter} ${PHASE_LOOKS[phase].name}</span>`,
        )}
      </p>`;
  }

  #renderPath({ message, from, to }: FlyingPoint) {
    return svg`<line class="way ${message.id === this.selected ? "selected" : ""}"
      x1=${from.x} y1=${from.y} x2=${to.x} y2=${to.y} stroke=${PHASE_LOOKS[message.phase].colour} />`;
  }

  #renderMessage({ message, x, y }: FlyingPoint) {
    const { letter, colour } = PHASE_LOOKS[message.phase];
    const select = () => this.dispatchEvent(new PlayWishEvent({ want: "select", message: message.id }));
    const looks = [message.isAnswer ? "answers" : "asks", message.id === this.selected ? "selected" : ""].join(" ");
    const body =
      message.hasBytes && !message.isAnswer
        ? svg`<rect x=${-MESSAGE_PX} y=${-MESSAGE_PX} width=${2 * MESSAGE_PX} height=${2 * MESSAGE_PX} rx="4" />`
        : svg`<circle r=${MESSAGE_PX} />`;
    return svg`<g class="message ${looks}" style="transform: translate(${x}px, ${y}px); --phase: ${colour}"
      data-message=${message.id} data-event=${message.cause ?? ""} @click=${select} @pointerenter=${select}>
      ${body}<text dy="0.36em">${letter}</text><title>${message.text}</title>
    </g>`;
  }

  static override styles = [
    elementStyles,
    playStyles,
    css`
      svg {
        display: block;
        width: 100%;
        max-width: 26rem;
        margin: 0 auto;
        font-family: var(--font);
      }
      .orbit {
        fill: none;
        stroke: var(--line);
        stroke-width: 1.5;
      }
      .way {
        stroke-width: 1.25;
        stroke-dasharray: 2 5;
        opacity: 0.55;
      }
      .way.selected {
        stroke-width: 2.5;
        opacity: 1;
      }
      text {
        fill: var(--ink);
        font-size: 13px;
        font-weight: 650;
        text-anchor: middle;
      }
      .small {
        fill: var(--ink-soft);
        font-size: 10px;
        font-weight: 500;
      }
      .body {
        fill: var(--surface);
        stroke: var(--look);
        stroke-width: 5;
      }
      .edge {
        fill: none;
        stroke: var(--node-edge);
        stroke-width: 1;
      }
      .acting .halo {
        stroke: var(--accent);
      }
      .halo {
        fill: none;
        stroke: transparent;
        stroke-width: 3;
        transition: stroke var(--quick);
      }
      .down .body {
        fill: var(--surface-sunk);
        stroke: var(--line-strong);
        stroke-dasharray: 4 5;
        stroke-width: 2.5;
      }
      .down text:first-of-type {
        fill: var(--ink-soft);
        text-decoration: line-through;
      }
      .program .body {
        fill: var(--surface-raised);
        stroke: var(--line-strong);
        stroke-width: 1.5;
      }
      .message {
        cursor: pointer;
        transition: transform calc(var(--quick) * 2) linear;
      }
      .message circle,
      .message rect {
        stroke: var(--phase);
        stroke-width: 2;
      }
      .message text {
        font-size: 11px;
        font-weight: 750;
      }
      .asks circle,
      .asks rect {
        fill: var(--phase);
      }
      .asks text {
        fill: var(--surface);
      }
      .answers circle {
        fill: var(--surface);
      }
      .answers text {
        fill: var(--phase);
      }
      .message.selected circle,
      .message.selected rect {
        stroke: var(--focus);
        stroke-width: 3.5;
      }
      .legend {
        justify-content: center;
        margin-top: var(--space-2);
      }
    `,
  ];
}

function renderNode(node: NodeView, place: Point | undefined, isActing: boolean) {
  if (place === undefined) return nothing;
  const looks = ["node", node.isUp ? "" : "down", isActing ? "acting" : ""].join(" ");
  const isInside = place.y < RING_SIZE / 2 - 1;
  const [register] = node.registers;
  const { promised, accepted } = register?.memory ?? { promised: null, accepted: null };
  const said =
    accepted === null ? (promised === null ? "" : `P ${promised.epoch}.${promised.round}`) : accepted.value.id;
  const isVolatile = register !== undefined && register.disk !== register.memory;
  const under = [node.isUp ? "" : "down", node.isMember ? "" : "no vote"].filter((word) => word !== "").join(", ");
  return svg`<g class=${looks} style="transform: translate(${place.x}px, ${place.y}px); --look: ${nodeLook(node.nodeId).colour}">
    <circle class="halo" r=${NODE_PX + 7} />
    <circle class="body" r=${NODE_PX} />
    <circle class="edge" r=${NODE_PX + 2.5} />
    <text dy=${said === "" ? "0.36em" : "-0.1em"}>${node.nodeId}</text>
    ${said === "" ? nothing : svg`<text class="small" dy="1.3em">${isVolatile ? "□" : "■"} ${said}</text>`}
    ${under === "" ? nothing : svg`<text class="small" y=${isInside ? -NODE_PX - 12 : NODE_PX + 20}>${under}</text>`}
  </g>`;
}

function renderProgram(name: string, program: ProgramView | undefined, place: Point | undefined, isActing: boolean) {
  if (place === undefined) return nothing;
  const isDown = program?.isUp === false;
  const looks = ["program", isDown ? "down" : "", isActing ? "acting" : ""].join(" ");
  const [proposal] = program?.proposals ?? [];
  return svg`<g class=${looks} style="transform: translate(${place.x}px, ${place.y}px)">
    <rect class="halo" x=${-PROGRAM_PX - 6} y=${-PROGRAM_PX - 6} width=${2 * PROGRAM_PX + 12} height=${2 * PROGRAM_PX + 12} rx="12" />
    <rect class="body" x=${-PROGRAM_PX} y=${-PROGRAM_PX} width=${2 * PROGRAM_PX} height=${2 * PROGRAM_PX} rx="8" />
    <text dy=${proposal === undefined ? "0.36em" : "-0.05em"}>${name}</text>
    ${proposal === undefined ? nothing : svg`<text class="small" dy="1.25em">${proposal.phase}</text>`}
  </g>`;
}

customElements.define("vstack-node-ring", NodeRing);
