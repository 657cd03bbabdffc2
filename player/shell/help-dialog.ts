/** `<vstack-help>`: the keys (key `?`). A native modal dialog: focus, Escape and the backdrop are the browser's. */
import { css, html, LitElement } from "lit";
import { closeOnBackdrop, dialogStyles } from "./dialog-styles.ts";
import { elementStyles } from "./element-styles.ts";

const KEYS: readonly { readonly title: string; readonly keys: readonly (readonly [readonly string[], string])[] }[] = [
  {
    title: "Watching",
    keys: [
      [["Space", "K"], "Start or pause"],
      [["J", "L"], "10 seconds back or on"],
      [["←", "→"], "5 seconds back or on"],
      [["0", "9"], "To a tenth of the video"],
      [["↑", "↓"], "Louder or softer"],
      [["M"], "Mute"],
      [["<", ">"], "Slower or faster"],
      [["C"], "Captions"],
      [["F"], "Fullscreen"],
      [["I"], "Picture in picture"],
    ],
  },
  {
    title: "Consensus",
    keys: [
      [["←", "→"], "One step back or on"],
      [["Space", "K"], "Play or pause"],
      [["N"], "To the next decision"],
      [["Home", "End"], "To the beginning or the end"],
    ],
  },
  {
    title: "Looking inside",
    keys: [
      [["N"], "Statistics of this player"],
      [["D"], "Devtools: where every segment came from"],
      [["?"], "This help"],
    ],
  },
];

export class HelpDialog extends LitElement {
  /** Opens the help, or closes it when it is open. */
  toggle(): void {
    const dialog = this.renderRoot.querySelector("dialog");
    if (dialog === null) return;
    if (dialog.open) dialog.close();
    else dialog.showModal();
  }

  override render() {
    return html`<dialog aria-labelledby="title" @click=${closeOnBackdrop}>
      <div class="inside">
        <div class="head">
          <h2 id="title">Keys</h2>
          <form method="dialog"><button class="quiet">Close</button></form>
        </div>
        ${KEYS.map(
          ({ title, keys }) => html`<section>
            <h3>${title}</h3>
            <dl>
              ${keys.map(
                ([names, does]) => html`<div>
                  <dt>${names.map((name) => html`<kbd>${name}</kbd> `)}</dt>
                  <dd>${does}</dd>
                </div>`,
              )}
            </dl>
          </section>`,
        )}
      </div>
    </dialog>`;
  }

  static override styles = [
    elementStyles,
    dialogStyles,
    css`
      .head {
        display: flex;
        align-items: center;
        justify-content: space-between;
      }
      h3 {
        margin: var(--space-4) 0 var(--space-2);
        color: var(--ink-soft);
        font-size: var(--size-small);
        font-weight: 500;
      }
      dl > div {
        display: grid;
        grid-template-columns: 7.5rem 1fr;
        align-items: baseline;
        padding: 5px 0;
      }
    `,
  ];
}

customElements.define("vstack-help", HelpDialog);
