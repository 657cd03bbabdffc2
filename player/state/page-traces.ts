/** The traces of this page: one subscription for all of its players and panels. */
import { workerLink } from "../shell/worker-link.ts";
import { TraceStore } from "./trace-store.ts";

export const pageTraces = new TraceStore(workerLink);
