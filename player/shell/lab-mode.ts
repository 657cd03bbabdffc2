/** Whether the cluster of this page was started with `--lab`. Asked once; a server that does not answer has no lab to offer. */
import { metadataClient } from "#wire/client/metadata-client.ts";

/** The server has this long; what depends on the answer is for people who run experiments. */
const DEADLINE_MS = 5_000;

let asked: Promise<boolean> | undefined;

export function isLabCluster(): Promise<boolean> {
  asked ??= metadataClient("")
    .cluster(AbortSignal.timeout(DEADLINE_MS))
    .then(
      ({ lab }) => lab,
      () => {
        // The next page that wants to know may have more luck.
        asked = undefined;
        return false;
      },
    );
  return asked;
}
