/** Acceptor groups: who votes on a key. A function of key and epoch that all proposers compute alike, never their choice. */

/** A node as an acceptor. A disk that was wiped or rolled back has another incarnation, and is another acceptor. */
export interface Member {
  readonly nodeId: string;
  /** Random, made when the disk was formatted. */
  readonly incarnation: string;
}

/** The members of a group in one epoch. Kept by the config master, changed by compare-and-set alone. */
export interface GroupConfig {
  /** Number of the group; a key belongs to one group for ever. */
  readonly group: number;
  /** 1 or more; never used for two member lists. */
  readonly epoch: number;
  readonly members: readonly Member[];
}

/** Members whose votes decide: any two such sets share a member. */
export function quorumOf(config: GroupConfig): number {
  return Math.floor(config.members.length / 2) + 1;
}
