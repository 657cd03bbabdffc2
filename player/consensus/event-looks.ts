/** How kinds and phases look and are called, the same in every view: a sign and a word, never a colour alone. */
import type { EventKind, PhaseName } from "#core/simulation/consensus/events.ts";

export interface KindLook {
  readonly sign: string;
  readonly name: string;
}

export const KIND_LOOKS: Readonly<Record<EventKind, KindLook>> = {
  begin: { sign: "▷", name: "wish" },
  ballot: { sign: "№", name: "ballot" },
  send: { sign: "→", name: "sent" },
  drop: { sign: "×", name: "lost" },
  duplicate: { sign: "⧉", name: "doubled" },
  delay: { sign: "…", name: "held back" },
  deliver: { sign: "⇥", name: "arrived" },
  write: { sign: "□", name: "in memory" },
  flush: { sign: "■", name: "flushed" },
  answer: { sign: "←", name: "answered" },
  lost: { sign: "⌛", name: "given up" },
  pause: { sign: "‖", name: "waits" },
  decide: { sign: "★", name: "decided" },
  outcome: { sign: "◆", name: "outcome" },
  reconfigure: { sign: "⇄", name: "new epoch" },
  activate: { sign: "⚑", name: "epoch active" },
  reconfigured: { sign: "⇄", name: "epoch done" },
  crash: { sign: "✖", name: "killed" },
  restart: { sign: "↻", name: "started" },
  wipe: { sign: "∅", name: "wiped" },
  partition: { sign: "┆", name: "cut off" },
  heal: { sign: "⌒", name: "healed" },
  quiet: { sign: "☾", name: "calm" },
  violation: { sign: "⚠", name: "violation" },
};

export interface PhaseLook {
  /** One letter, drawn in the message. */
  readonly letter: string;
  readonly name: string;
  /** CSS colour. */
  readonly colour: string;
}

export const PHASE_LOOKS: Readonly<Record<PhaseName, PhaseLook>> = {
  prepare: { letter: "P", name: "Prepare", colour: "var(--phase-prepare)" },
  accept: { letter: "A", name: "Accept", colour: "var(--phase-accept)" },
  read: { letter: "R", name: "Read", colour: "var(--phase-read)" },
  seal: { letter: "S", name: "Seal", colour: "var(--phase-seal)" },
  install: { letter: "I", name: "Install", colour: "var(--phase-install)" },
  store: { letter: "B", name: "Bytes", colour: "var(--phase-read)" },
};
