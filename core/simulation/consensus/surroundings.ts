/** What a simulated program finds around it: the clock, the network, the config master, and who watches. */
import type { GroupConfig } from "../../consensus/group.ts";
import type { Rules } from "../../consensus/rules.ts";
import type { Random } from "../../random.ts";
import type { VirtualClock } from "../virtual-clock.ts";
import type { Checker } from "./checker.ts";
import type { ConfigMaster } from "./config-master.ts";
import type { EventLog } from "./events.ts";
import type { Network } from "./network.ts";

export interface Surroundings {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly rules: Rules;
  readonly log: EventLog | null;
  readonly network: Network;
  readonly master: ConfigMaster;
  readonly checker: Checker;
  /** Who votes, as a proposer is told. */
  configFor(): GroupConfig;
  /** How long asking the config master takes, drawn anew each time. */
  masterMs(): number;
  /** A proposer found this epoch sealed. */
  onOutdated(config: GroupConfig): void;
  /** A coordinator has installed an epoch on a majority. */
  activate(name: string, from: GroupConfig, to: GroupConfig): void;
}
