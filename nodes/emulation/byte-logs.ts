/** What this node sent to each session, request by request, in bounded memory; for benchmarks, in lab mode only. */
import type { Piece } from "#core/placement/piece.ts";
import type { SentBytes } from "#wire/contract/byte-log-api.ts";
import { MAX_LOGGED_REQUESTS } from "#wire/contract/byte-log-api.ts";
import { MAX_LAB_SESSIONS } from "#wire/contract/emulation-api.ts";

interface LoggedRequest extends Piece {
  readonly start: number;
  readonly end: number;
  readonly arrivedAtMs: number;
  sentBytes: number;
  endedAtMs: number | null;
}

interface SessionLog {
  readonly requests: LoggedRequest[];
  forgottenCount: number;
}

/** One request under way: told what was sent, and that it is over. */
export interface OpenEntry {
  sent(bytes: number): void;
  end(): void;
}

export class ByteLogs {
  readonly #wallMs: () => number;
  /** In the order of their last request. */
  readonly #sessions = new Map<string, SessionLog>();

  /** @param wallMs Unix milliseconds */
  constructor(wallMs: () => number) {
    this.#wallMs = wallMs;
  }

  begin(session: string, asked: Piece & { readonly start: number; readonly end: number }): OpenEntry {
    const log = this.#sessions.get(session) ?? { requests: [], forgottenCount: 0 };
    this.#sessions.delete(session);
    this.#sessions.set(session, log);
    const [longestUnused] = this.#sessions.keys();
    if (this.#sessions.size > MAX_LAB_SESSIONS && longestUnused !== undefined) this.#sessions.delete(longestUnused);
    const entry: LoggedRequest = { ...asked, arrivedAtMs: this.#wallMs(), sentBytes: 0, endedAtMs: null };
    log.requests.push(entry);
    if (log.requests.length > MAX_LOGGED_REQUESTS) {
      log.requests.shift();
      log.forgottenCount += 1;
    }
    return {
      sent: (bytes) => {
        entry.sentBytes += bytes;
      },
      end: () => {
        entry.endedAtMs = this.#wallMs();
      },
    };
  }

  of(session: string): { readonly requests: readonly SentBytes[]; readonly forgottenCount: number } {
    return this.#sessions.get(session) ?? { requests: [], forgottenCount: 0 };
  }
}
