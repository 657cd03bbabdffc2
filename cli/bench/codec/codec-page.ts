/** The trials in a page: e2e/bench/codec.ts bundles this file and calls it in Chromium. */
import { codecTrials } from "./codec-trials.ts";

const trials = codecTrials(() => performance.now());

/** A round of every kind. */
export async function round() {
  return (await trials).round();
}
