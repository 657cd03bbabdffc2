/**
 * The rules that make ChunkPaxos safe, each of which can be broken alone. The product always runs with {@link SOUND}; the
 * simulator takes each rule away in turn and must find the violation (a simulator that cannot is no proof), and the page
 * `/consensus` shows it to people.
 */

/** A rule and, when broken, a mutant of the same name. */
export type RuleName =
  | "one-owner"
  | "fixed-group"
  | "adoption"
  | "majority"
  | "fresh-owner"
  | "incarnation"
  | "seal"
  | "flush"
  | "own-epoch"
  | "raise-on-accept"
  | "install-first"
  | "compare"
  | "grant"
  | "promise-once"
  | "newest-epoch";

/** What each rule demands, and thereby what its mutant does not do. */
export const RULES: Readonly<Record<RuleName, string>> = {
  "one-owner": "The ballot of round 0 of a key has one owner: nobody else skips the first phase in its name",
  "fixed-group": "The acceptors of a key follow from key and epoch: a proposer does not choose its own",
  adoption: "A proposer that was told of an accepted value goes on with the one of the highest ballot",
  majority: "The first phase waits for a majority",
  "fresh-owner": "Whoever starts anew is a new proposer and has no ballot of round 0 for old keys",
  incarnation: "A wiped disk is another acceptor, and votes only once a new epoch names it",
  seal: "An acceptor that was sealed for a newer epoch votes in the old one no more",
  flush: "An acceptor answers after what it promised or accepted is on its disk",
  "own-epoch": "Each attempt at a reconfiguration has an epoch of its own",
  "raise-on-accept": "Accepting a ballot promises it, too",
  "install-first": "An epoch becomes active after a majority of its members has every value of the old one",
  compare: "A change of a version is made only where that version stands",
  grant: "An acceptor takes round 0 only from whom the grant names",
  "promise-once": "An acceptor promises a ballot once: two proposals that share one by mistake do not both go on",
  "newest-epoch": "The config master makes active only the newest epoch that it gave away",
};

export type Rules = Readonly<Record<RuleName, boolean>>;

/** Every rule in force. */
export const SOUND: Rules = {
  "one-owner": true,
  "fixed-group": true,
  adoption: true,
  majority: true,
  "fresh-owner": true,
  incarnation: true,
  seal: true,
  flush: true,
  "own-epoch": true,
  "raise-on-accept": true,
  "install-first": true,
  compare: true,
  grant: true,
  "promise-once": true,
  "newest-epoch": true,
};

/** All rules but one. */
export function without(rule: RuleName): Rules {
  return { ...SOUND, [rule]: false };
}
