/**
 * The rules of a transition, by the names that `--mutant` takes. A mutant is the same schedule with one rule taken away:
 * when no schedule then fails, either the rule is not needed or the simulation does not look.
 */
export const RULES = [
  "make-before-break",
  "read-back",
  "grace",
  "compare-and-set",
  "check-before-repair",
  "fence",
  "epoch-of-its-time",
  "verified-sources",
] as const;
export type Rule = (typeof RULES)[number];

/** What happens without it. */
export const WITHOUT: Readonly<Record<Rule, string>> = {
  "make-before-break": "old pieces are deleted before the new ones are written",
  "read-back": "a piece counts as soon as its node says so",
  grace: "old pieces are deleted as soon as the record has changed",
  "compare-and-set": "the record is overwritten, whatever it is by then",
  "check-before-repair": "a client's report deletes the piece",
  fence: "nodes obey every delete, however old",
  "epoch-of-its-time": "deletes carry the version of the moment when they are sent",
  "verified-sources": "new shards are computed from whatever the nodes give",
};

export function isRule(text: string): text is Rule {
  return RULES.some((rule) => rule === text);
}
