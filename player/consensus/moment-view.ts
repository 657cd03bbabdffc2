/** A view of one moment of a recording, with the message that is chosen in all views. */
import { LitElement } from "lit";
import type { Recording } from "./recording.ts";

export abstract class MomentView extends LitElement {
  static override properties = {
    recording: { attribute: false },
    at: { attribute: false },
    selected: { attribute: false },
  };

  declare recording: Recording | undefined;
  /** Frame of the recording. */
  declare at: number;
  /** Id of the message; null: none. */
  declare selected: number | null;

  constructor() {
    super();
    this.recording = undefined;
    this.at = 0;
    this.selected = null;
  }
}
