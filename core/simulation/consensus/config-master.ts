/**
 * The config master of a simulated world: which epoch of the group is active, and whose the grants are. What the product
 * keeps in the metadata server's database is a few lines here: every act is one compare-and-set.
 */
import type { Ballot } from "../../consensus/ballot.ts";
import type { GroupConfig, Member } from "../../consensus/group.ts";
import type { Rules } from "../../consensus/rules.ts";

/** One group is enough: groups share nothing but the flush. */
const GROUP = 0;

export class ConfigMaster {
  active: GroupConfig;
  /** Newest epoch that anybody was given. */
  issuedEpoch = 1;
  readonly #rules: Rules;
  readonly #grants = new Map<string, { readonly epoch: number; readonly proposer: string }>();

  constructor(members: readonly Member[], rules: Rules) {
    this.active = { group: GROUP, epoch: 1, members };
    this.#rules = rules;
  }

  /** Names the owner of a key that nobody has heard of, once. */
  grant(key: string, proposer: string): void {
    if (!this.#grants.has(key)) this.#grants.set(key, { epoch: this.active.epoch, proposer });
  }

  isGranted(key: string, { epoch, proposer }: Ballot): boolean {
    const grant = this.#grants.get(key);
    return grant?.epoch === epoch && grant.proposer === proposer;
  }

  /** An epoch for one attempt at a reconfiguration, together with the active epoch that it is to follow. */
  issue(members: readonly Member[]): { readonly from: GroupConfig; readonly to: GroupConfig } {
    const from = this.active;
    this.issuedEpoch = this.#rules["own-epoch"] ? this.issuedEpoch + 1 : from.epoch + 1;
    return { from, to: { group: GROUP, epoch: this.issuedEpoch, members } };
  }

  /**
   * Makes an epoch active: only the newest that was given away, and only in the place of the one that it followed. Whoever
   * was given an epoch sealed what was active then, so no older attempt may become active behind its back.
   */
  activate(from: GroupConfig, to: GroupConfig): boolean {
    const isNewest = to.epoch === this.issuedEpoch || !this.#rules["newest-epoch"];
    if (this.active.epoch !== from.epoch || !isNewest) return false;
    this.active = to;
    return true;
  }
}
