/**
 * The settings of redundancy, changed while the program runs and kept durably. A name that a newer program brought has its
 * default until somebody sets it; one that is not known any more is left out.
 */
import * as v from "valibot";
import type { PolicyConfig } from "#core/redundancy/policy-config.ts";
import { configProblems, DEFAULT_CONFIG, POLICIES, SETTING_NAMES } from "#core/redundancy/policy-config.ts";
import { VStackError } from "#wire/contract/errors.ts";
import type { Database } from "../database/open-database.ts";

/** What is left out stays as it is. */
export type ConfigChange = { readonly [Name in keyof PolicyConfig]?: PolicyConfig[Name] | undefined };

export interface Settings {
  current(): PolicyConfig;
  /** @throws VStackError `bad-request` with the words of `configProblems` */
  change(change: ConfigChange): Promise<PolicyConfig>;
}

const NAME = "policy";
const KeptSchema = v.object({
  policy: v.optional(v.fallback(v.picklist(POLICIES), DEFAULT_CONFIG.policy), DEFAULT_CONFIG.policy),
  ...Object.fromEntries(SETTING_NAMES.map((name) => [name, v.optional(v.number())])),
});

export async function openSettings(db: Database): Promise<Settings> {
  const row = await db
    .selectFrom("redundancy_settings")
    .select("value_json")
    .where("name", "=", NAME)
    .executeTakeFirst();
  const kept = v.safeParse(KeptSchema, JSON.parse(row?.value_json ?? "{}"));
  let config = kept.success ? changed(DEFAULT_CONFIG, kept.output) : DEFAULT_CONFIG;
  if (configProblems(config).length > 0) config = DEFAULT_CONFIG;
  return {
    current: () => config,
    async change(change) {
      const next = changed(config, change);
      const problems = configProblems(next);
      if (problems.length > 0) throw new VStackError("bad-request", problems.join("; "));
      const value = { name: NAME, value_json: JSON.stringify(next) };
      await db
        .insertInto("redundancy_settings")
        .values(value)
        .onConflict((conflict) => conflict.column("name").doUpdateSet(value))
        .execute();
      config = next;
      return config;
    },
  };
}

function changed(config: PolicyConfig, change: ConfigChange): PolicyConfig {
  const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
  return { ...config, ...given };
}
