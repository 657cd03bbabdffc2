/** What the configuration of every role is made of: environment variables, checked once, before anything starts. */
import * as v from "valibot";
import { VStackError } from "#wire/contract/errors.ts";
import { LOG_LEVELS } from "./log.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export const PortSchema = v.pipe(
  v.string(),
  v.regex(/^[0-9]{1,5}$/, "Expected a port, 0 to 65535"),
  v.transform(Number),
  v.maxValue(65_535, "Expected a port, 0 to 65535"),
);
/** An address without a slash at its end. */
export const UrlSchema = v.pipe(
  v.string(),
  v.url("Expected an http or https address"),
  v.regex(/^https?:\/\//, "Expected an http or https address"),
  v.transform((text) => text.replace(/\/+$/, "")),
);
export const FolderSchema = v.pipe(v.string(), v.minLength(1, "Expected a folder"));

export const FlagSchema = v.pipe(
  v.picklist(["0", "1", "false", "true"], "Expected 1 or 0"),
  v.transform((text) => text === "1" || text === "true"),
);

/** The variables that all roles have; `VSTACK_PORT` is the role's own, with or without a default. */
export const COMMON_VARIABLES = {
  VSTACK_HOST: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(255)), "127.0.0.1"),
  VSTACK_DATA: FolderSchema,
  /** Undefined: follows from host and port. */
  VSTACK_PUBLIC_URL: v.optional(UrlSchema),
  VSTACK_CLUSTER_KEY: v.optional(v.string()),
  VSTACK_CLUSTER_KEY_FILE: v.optional(v.string()),
  VSTACK_LAB: v.optional(FlagSchema, "0"),
  VSTACK_LOG_LEVEL: v.optional(v.picklist(LOG_LEVELS), "info"),
} as const;

/**
 * Checks a role's variables.
 *
 * @param role as it stands in messages: `the node`
 * @throws VStackError `bad-request` naming the variable that is missing or wrong
 */
export function parseEnvironment<Schema extends v.GenericSchema>(
  schema: Schema,
  environment: Environment,
  role: string,
): v.InferOutput<Schema> {
  // An empty variable is what a shell gives for one that is not set.
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ""),
  );
  const parsed = v.safeParse(schema, given);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const name = v.getDotPath(issue) ?? "environment";
  const problem = name in given ? issue.message : "It is not set";
  throw new VStackError("bad-request", `Cannot start ${role} as ${name} is wrong: ${problem}`);
}

/** Where the cluster key stands: in a variable, or in a file that one names. */
export interface KeySource {
  readonly VSTACK_CLUSTER_KEY?: string | undefined;
  readonly VSTACK_CLUSTER_KEY_FILE?: string | undefined;
}

/**
 * The cluster key's text.
 *
 * @throws VStackError `bad-request` when there is none or its file cannot be read
 */
export function clusterKeyText(source: KeySource, readFile: (path: string) => string, role: string): string {
  const { VSTACK_CLUSTER_KEY: text, VSTACK_CLUSTER_KEY_FILE: file } = source;
  if (text !== undefined) return text.trim();
  if (file === undefined) {
    throw new VStackError(
      "bad-request",
      `Cannot start ${role} as neither VSTACK_CLUSTER_KEY nor VSTACK_CLUSTER_KEY_FILE is set`,
    );
  }
  try {
    return readFile(file).trim();
  } catch (cause) {
    throw new VStackError("bad-request", `Cannot start ${role} as the key file "${file}" cannot be read`, { cause });
  }
}

/** The address of a port that was opened on `host`. */
export function boundUrl(host: string, port: number): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
