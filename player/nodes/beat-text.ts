/** What a row of heartbeat bars says: each bar's look, and all of them in words. Pure. */
import { BEAT_SLOT_MS } from "#wire/contract/cluster-live-api.ts";
import { HEARTBEAT_INTERVAL_MS } from "#wire/contract/cluster-api.ts";
import { NO_DATA } from "../charts/quantities.ts";

const WANTED = BEAT_SLOT_MS / HEARTBEAT_INTERVAL_MS;

/** `late`: fewer than it sends when all is well. One fewer is a beat that fell into the next slot. */
export type BeatLook = "heard" | "late" | "silent" | "unknown";

/** @param before of the slot before; a beat too many there is the one that is missing here */
export function beatLook(
  beat: number | null,
  before: number | null | undefined,
  after: number | null | undefined,
): BeatLook {
  if (beat === null) return "unknown";
  if (beat === 0) return "silent";
  const isBorrowed = (before ?? 0) > WANTED || (after ?? 0) > WANTED;
  return beat >= WANTED || isBorrowed ? "heard" : "late";
}

/** For people who do not see the bars. */
export function beatWords(beats: readonly (number | null)[]): string {
  const looks = beats.map((beat, index) => beatLook(beat, beats[index - 1], beats[index + 1]));
  const count = (look: BeatLook) => looks.filter((one) => one === look).length;
  const known = looks.length - count("unknown");
  if (known === 0) return `Heartbeats: ${NO_DATA} yet`;
  const seconds = (slots: number) => `${(slots * BEAT_SLOT_MS) / 1000} s`;
  const parts = [`heard in ${seconds(count("heard") + count("late"))} of the last ${seconds(known)}`];
  if (count("late") > 0) parts.push(`late in ${seconds(count("late"))}`);
  if (count("silent") > 0) parts.push(`silent for ${seconds(count("silent"))}`);
  return `Heartbeats: ${parts.join(", ")}`;
}
