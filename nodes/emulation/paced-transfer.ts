/** One body on an emulated path: who sends it takes what has passed, and waits when nothing has. */
import type { Flow } from "#core/network/path-pacer.ts";

/** Told when a transfer is over, however that came. */
type OnClose = (transfer: PacedTransfer) => void;

export class PacedTransfer {
  readonly id: number;
  readonly flow: Flow;
  readonly #onClose: OnClose;
  readonly #wantedBytes: number;
  /** Of `flow.passedBytes`, what was handed on. */
  #collectedBytes = 0;
  /** Passed this node's path, and waiting for the access link. */
  #atAccessBytes = 0;
  #readyBytes = 0;
  #isClosed = false;
  #wake: (() => void) | null = null;

  constructor(id: number, { flow, wantedBytes, onClose }: { flow: Flow; wantedBytes: number; onClose: OnClose }) {
    this.id = id;
    this.flow = flow;
    this.#wantedBytes = wantedBytes;
    this.#onClose = onClose;
  }

  /** Before the path moves on. @param roomBytes what may wait for the access link */
  prepare(roomBytes: number): void {
    const leftBytes = this.#wantedBytes - this.flow.passedBytes;
    this.flow.wantedBytes = Math.max(0, Math.min(leftBytes, roomBytes - this.#atAccessBytes));
  }

  /** What has passed the path since the last call. */
  collect(): number {
    const bytes = this.flow.passedBytes - this.#collectedBytes;
    this.#collectedBytes = this.flow.passedBytes;
    return bytes;
  }

  waitForAccess(bytes: number): void {
    this.#atAccessBytes += bytes;
  }

  /** The access link let bytes pass. */
  granted(bytes: number): void {
    this.#atAccessBytes = Math.max(0, this.#atAccessBytes - bytes);
    this.ready(bytes);
  }

  /** There is no access link any more. */
  passAccess(): void {
    this.granted(this.#atAccessBytes);
  }

  /** Bytes may be sent. */
  ready(bytes: number): void {
    if (bytes === 0) return;
    this.#readyBytes += bytes;
    this.#wake?.();
  }

  /** Nothing is emulated any more: the rest may be sent at once. */
  release(): void {
    this.ready(this.#wantedBytes);
  }

  /**
   * Waits until bytes may be sent. One call at a time.
   *
   * @returns how many, at most `maxBytes`; 0 when the transfer is closed
   */
  async take(maxBytes: number): Promise<number> {
    while (this.#readyBytes === 0 && !this.#isClosed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = null;
    }
    if (this.#isClosed) return 0;
    const bytes = Math.min(this.#readyBytes, maxBytes);
    this.#readyBytes -= bytes;
    return bytes;
  }

  /** The reader is gone, the connection breaks, or all is sent. Whoever waits is told. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#wake?.();
    this.#onClose(this);
  }
}
