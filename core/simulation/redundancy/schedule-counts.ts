/** What a schedule has seen: figures that show that the dangerous things did happen. */
import type { MoverCounts } from "./mover.ts";

export interface ScheduleCounts extends MoverCounts {
  events: number;
  reads: number;
  failures: number;
  crashes: number;
  refusedDeletes: number;
  deletes: number;
  repairs: number;
  rotFound: number;
}

export function noCounts(): ScheduleCounts {
  return {
    ...{ events: 0, reads: 0, failures: 0, crashes: 0, refusedDeletes: 0, deletes: 0, repairs: 0, rotFound: 0 },
    ...{ changed: 0, lostRaces: 0, givenUp: 0, resumed: 0 },
  };
}
