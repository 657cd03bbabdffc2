/** The config master of a test: epochs and members in the memory of the one process that drives everything. */
import type { GroupConfig, Member } from "#core/consensus/group.ts";

export interface GroupMaster {
  active(group: number): GroupConfig;
  /** Gives out an epoch of its own; what was begun before is void. */
  begin(group: number, members: readonly Member[]): GroupConfig;
  /** @returns false when another change has begun since */
  activate(config: GroupConfig): Promise<boolean>;
  /** Whether a change was begun and has not ended: nobody may vote until one has. */
  isChanging(group: number): boolean;
}

interface State {
  readonly active: GroupConfig;
  /** Epoch of the change under way; 0 for none. */
  readonly pending: number;
  readonly nextEpoch: number;
}

export function groupMaster(founded: readonly GroupConfig[]): GroupMaster {
  const groups = new Map(
    founded.map((active): [number, State] => [active.group, { active, pending: 0, nextEpoch: active.epoch + 1 }]),
  );
  const known = (group: number) => {
    const state = groups.get(group);
    if (state === undefined) throw new Error(`Group ${group} was never made`);
    return state;
  };
  return {
    active: (group) => known(group).active,
    begin(group, members) {
      const state = known(group);
      const epoch = state.nextEpoch;
      groups.set(group, { ...state, pending: epoch, nextEpoch: epoch + 1 });
      return { group, epoch, members };
    },
    activate(config) {
      const state = known(config.group);
      if (state.pending !== config.epoch) return Promise.resolve(false);
      groups.set(config.group, { ...state, active: config, pending: 0 });
      return Promise.resolve(true);
    },
    isChanging: (group) => known(group).pending !== 0,
  };
}
