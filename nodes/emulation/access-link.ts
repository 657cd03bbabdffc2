/**
 * The client's access link as a node sees it: a ledger kept by the process that started the nodes, asked over IPC
 * (wire/contract/access-ledger.ts). Bytes that have passed this node's path wait here for their turn on the link.
 */
import * as v from "valibot";
import type { AccessAsk } from "#wire/contract/access-ledger.ts";
import { AccessGrantSchema } from "#wire/contract/access-ledger.ts";
import type { Rate } from "#wire/contract/emulation-api.ts";

/** One session's link. */
export interface AccessLink {
  /** Said with the next `flush`. */
  want(transfer: number, bytes: number): void;
  flush(): void;
  leave(transfer: number): void;
  close(): void;
}

export interface AccessLinkOptions {
  /** Empty for requests without a name. */
  readonly session: string;
  readonly startedAtMs: number;
  readonly rate: Rate;
  readonly onGrant: (transfer: number, bytes: number) => void;
}

export interface AccessLedger {
  /** Opens a session's link, or changes it when it is open: then what was wanted stays wanted. */
  open(options: AccessLinkOptions): AccessLink;
}

/** The IPC channel to the parent. */
export interface LedgerChannel {
  send(message: AccessAsk): void;
  listen(listener: (message: unknown) => void): void;
}

export function ledgerOver(channel: LedgerChannel): AccessLedger {
  /** One for each session with a path; nodes/emulation/lab-networks.ts bounds them. */
  const listeners = new Map<string, AccessLinkOptions["onGrant"]>();
  channel.listen((message) => {
    const grant = v.safeParse(AccessGrantSchema, message);
    if (!grant.success) return;
    const onGrant = listeners.get(grant.output.session);
    for (const [transfer, bytes] of grant.output.grants) onGrant?.(transfer, bytes);
  });
  return {
    open: ({ session, startedAtMs, rate, onGrant }) => {
      let wants: [number, number][] = [];
      listeners.set(session, onGrant);
      channel.send({ say: "access-open", session, startedAtMs, rate });
      return {
        want: (transfer, bytes) => {
          wants.push([transfer, bytes]);
        },
        flush: () => {
          if (wants.length === 0) return;
          channel.send({ say: "access-want", session, wants });
          wants = [];
        },
        leave: (transfer) => {
          wants = wants.filter(([other]) => other !== transfer);
          channel.send({ say: "access-leave", session, transfer });
        },
        close: () => {
          wants = [];
          listeners.delete(session);
          channel.send({ say: "access-close", session });
        },
      };
    },
  };
}
