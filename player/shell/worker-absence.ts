/** Why this page has no service worker, and what would change it, in words for the person in front of it. */

export interface WorkerAbsence {
  readonly because: "insecure" | "unsupported" | "refused" | "no-control";
  /** What the browser said, for `refused` and `no-control`. */
  readonly detail?: string;
}

export interface AbsenceText {
  readonly why: string;
  readonly remedy: string;
}

/** @param origin of this page, to name an address that would work */
export function absenceText(absence: WorkerAbsence, origin: string): AbsenceText {
  switch (absence.because) {
    case "insecure":
      return {
        why: `Browsers allow service workers only on https and on this machine itself, and this page came from ${origin}.`,
        remedy: `Serve V-Stack over https, or open it as ${loopbackOf(origin)} on the machine that runs it.`,
      };
    case "unsupported":
      return {
        why: "This browser offers no service workers here, as private windows of some browsers do.",
        remedy: "Open this page in an ordinary window of a current browser.",
      };
    case "refused":
      return {
        why: `The browser did not accept the service worker${saying(absence.detail)}.`,
        remedy: "Allow storage and service workers for this site, then reload the page.",
      };
    case "no-control":
      return {
        why: `The service worker is installed and does not control this page yet${saying(absence.detail)}.`,
        remedy: "Reload the page in the ordinary way (not the forced reload, which goes around workers).",
      };
  }
}

function saying(detail: string | undefined): string {
  return detail === undefined || detail === "" ? "" : `: ${detail.replace(/\.$/, "")}`;
}

function loopbackOf(origin: string): string {
  const port = /:(\d+)$/.exec(origin)?.[1];
  return `http://localhost${port === undefined ? "" : `:${port}`}`;
}
