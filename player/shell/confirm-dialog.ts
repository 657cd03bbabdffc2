/**
 * Questions before a deed, and one line of text asked for: our own dialogs instead of `confirm()` and `prompt()`. The deed
 * itself runs inside: the dialog stays, busy, until it is confirmed by whoever does it, and shows why it was not.
 */
import { css, html, LitElement, nothing } from "lit";
import { closeOnBackdrop, dialogStyles } from "./dialog-styles.ts";
import { elementStyles } from "./element-styles.ts";

export interface Deed {
  readonly title: string;
  readonly text: string;
  readonly yes: string;
  readonly no: string;
  /** A field for one line, with what stands in it at first. */
  readonly field?: { readonly label: string; readonly value: string; readonly maxLength: number };
  readonly isDangerous?: boolean;
  /** Does it; a rejection is shown and the dialog stays. Without it the answer alone counts. */
  readonly run?: (text: string, signal: AbortSignal) => Promise<unknown>;
}

export class ConfirmDialog extends LitElement {
  static override properties = { deed: { attribute: false }, isBusy: { state: true }, trouble: { state: true } };

  declare deed: Deed;
  declare isBusy: boolean;
  declare trouble: string;
  #run = new AbortController();
  #isDone = false;
  #settle: (isDone: boolean) => void = () => undefined;

  constructor() {
    super();
    this.isBusy = false;
    this.trouble = "";
  }

  /** Opens it. @returns whether the deed was done (or, without one, agreed to) */
  async ask(): Promise<boolean> {
    await this.updateComplete;
    const dialog = this.renderRoot.querySelector("dialog");
    dialog?.showModal();
    this.renderRoot.querySelector("input")?.select();
    return await new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  #closed = (): void => {
    this.#run.abort();
    this.#settle(this.#isDone);
  };

  #submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (this.isBusy) return;
    const text = this.renderRoot.querySelector("input")?.value.trim() ?? "";
    if (this.deed.field !== undefined && text === "") {
      this.trouble = "At least one letter is needed";
      return;
    }
    this.isBusy = true;
    this.trouble = "";
    try {
      await this.deed.run?.(text, this.#run.signal);
      this.#isDone = true;
      this.renderRoot.querySelector("dialog")?.close();
    } catch (error) {
      this.trouble = error instanceof Error ? error.message : String(error);
    } finally {
      this.isBusy = false;
    }
  };

  #close = (): void => {
    this.renderRoot.querySelector("dialog")?.close();
  };

  override render() {
    const { deed, isBusy, trouble } = this;
    return html`<dialog aria-labelledby="title" aria-describedby="text" @keydown=${keepKeys} @close=${this.#closed} @click=${closeOnBackdrop}>
      <form class="inside" @submit=${this.#submit}>
        <h2 id="title">${deed.title}</h2>
        <p id="text">${deed.text}</p>
        ${
          deed.field === undefined
            ? nothing
            : html`<label>
                ${deed.field.label}
                <input type="text" maxlength=${deed.field.maxLength} .value=${deed.field.value} autocomplete="off" />
              </label>`
        }
        ${trouble === "" ? nothing : html`<p class="trouble" role="alert">${trouble}.</p>`}
        <div class="deeds">
          <button type="button" ?autofocus=${deed.field === undefined} @click=${this.#close}>${deed.no}</button>
          <button type="submit" class=${deed.isDangerous === true ? "danger" : "primary"} aria-disabled=${isBusy}>
            ${isBusy ? "Just a moment…" : deed.yes}
          </button>
        </div>
      </form>
    </dialog>`;
  }

  static override styles = [
    elementStyles,
    dialogStyles,
    css`
      .inside {
        display: grid;
        gap: var(--space-3);
        padding-top: var(--space-5);
      }
      h2 {
        font-size: var(--size-large);
        line-height: 1.3;
        overflow-wrap: anywhere;
      }
      p {
        color: var(--ink-soft);
        overflow-wrap: anywhere;
      }
      label {
        display: grid;
        gap: var(--space-1);
        font-size: var(--size-small);
        color: var(--ink-soft);
      }
      .trouble {
        color: var(--bad);
      }
      .deeds {
        display: flex;
        flex-wrap: wrap;
        justify-content: end;
        gap: var(--space-2);
        margin-top: var(--space-2);
      }
    `,
  ];
}

/** Letters typed into a question are no keys of the page behind it. */
function keepKeys(event: Event): void {
  event.stopPropagation();
}

customElements.define("vstack-confirm", ConfirmDialog);

/** Asks, does it, and takes the dialog away again. @returns whether it was done */
export async function confirmDeed(deed: Deed): Promise<boolean> {
  const dialog = new ConfirmDialog();
  dialog.deed = deed;
  document.body.append(dialog);
  try {
    return await dialog.ask();
  } finally {
    dialog.remove();
  }
}
