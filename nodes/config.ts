/** The configuration of a storage node, from environment variables; the command line sets the same ones. */
import * as v from "valibot";
import type { NodeId } from "#core/ids.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { NodeIdSchema } from "#wire/contract/schemas.ts";
import { LOG_LEVELS } from "#wire/server/log.ts";

const DEFAULT_HOST = "127.0.0.1";

const PortSchema = v.pipe(
  v.string(),
  v.regex(/^[0-9]{1,5}$/, "Expected a port, 0 to 65535"),
  v.transform(Number),
  v.maxValue(65_535, "Expected a port, 0 to 65535"),
);
const UrlSchema = v.pipe(
  v.string(),
  v.url("Expected an http or https address"),
  v.regex(/^https?:\/\//, "Expected an http or https address"),
  v.transform((text) => text.replace(/\/+$/, "")),
);
const FlagSchema = v.pipe(
  v.picklist(["0", "1", "false", "true", ""], "Expected 1 or 0"),
  v.transform((text) => text === "1" || text === "true"),
);
const CapacitySchema = v.pipe(
  v.string(),
  v.regex(/^[1-9][0-9]{0,15}$/, "Expected a count of bytes above 0"),
  v.transform(Number),
  v.safeInteger("Expected a count of bytes above 0"),
);

const EnvironmentSchema = v.object({
  VSTACK_NODE_ID: NodeIdSchema,
  VSTACK_PORT: PortSchema,
  VSTACK_HOST: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(255)), DEFAULT_HOST),
  VSTACK_DATA: v.pipe(v.string(), v.minLength(1, "Expected a folder")),
  VSTACK_METADATA_URL: v.optional(UrlSchema),
  VSTACK_PUBLIC_URL: v.optional(UrlSchema),
  VSTACK_INTERNAL_URL: v.optional(UrlSchema),
  VSTACK_CLUSTER_KEY: v.optional(v.string()),
  VSTACK_CLUSTER_KEY_FILE: v.optional(v.string()),
  VSTACK_CAPACITY_BYTES: v.optional(CapacitySchema),
  VSTACK_LAB: v.optional(FlagSchema, "0"),
  VSTACK_LOG_LEVEL: v.optional(v.picklist(LOG_LEVELS), "info"),
});

export interface NodeConfig {
  readonly nodeId: NodeId;
  /** 0 asks the system for a free one. */
  readonly port: number;
  readonly host: string;
  readonly dataFolder: string;
  /** Undefined: the node stands alone and reports to nobody. */
  readonly metadataUrl: string | undefined;
  /** Undefined: follows from host and port. */
  readonly publicUrl: string | undefined;
  readonly internalUrl: string | undefined;
  /** Base64. */
  readonly clusterKeyText: string;
  readonly capacityBytes: number | undefined;
  readonly lab: boolean;
  readonly logLevel: (typeof LOG_LEVELS)[number];
}

/**
 * Reads and checks everything.
 *
 * @param readFile reads the cluster key's file
 * @throws VStackError `bad-request` naming the variable that is missing or wrong
 */
export function readConfig(
  environment: Readonly<Record<string, string | undefined>>,
  readFile: (path: string) => string,
): NodeConfig {
  // An empty variable is what a shell gives for one that is not set.
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ""),
  );
  const parsed = v.safeParse(EnvironmentSchema, given);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    const name = v.getDotPath(issue) ?? "environment";
    const problem = name in given ? issue.message : "It is not set";
    throw new VStackError("bad-request", `Cannot start the node as ${name} is wrong: ${problem}`);
  }
  const variables = parsed.output;
  return {
    nodeId: variables.VSTACK_NODE_ID,
    port: variables.VSTACK_PORT,
    host: variables.VSTACK_HOST,
    dataFolder: variables.VSTACK_DATA,
    metadataUrl: variables.VSTACK_METADATA_URL,
    publicUrl: variables.VSTACK_PUBLIC_URL,
    internalUrl: variables.VSTACK_INTERNAL_URL,
    clusterKeyText: clusterKeyText(variables.VSTACK_CLUSTER_KEY, variables.VSTACK_CLUSTER_KEY_FILE, readFile),
    capacityBytes: variables.VSTACK_CAPACITY_BYTES,
    lab: variables.VSTACK_LAB,
    logLevel: variables.VSTACK_LOG_LEVEL,
  };
}

function clusterKeyText(
  text: string | undefined,
  file: string | undefined,
  readFile: (path: string) => string,
): string {
  if (text !== undefined) return text.trim();
  if (file === undefined) {
    throw new VStackError(
      "bad-request",
      "Cannot start the node as neither VSTACK_CLUSTER_KEY nor VSTACK_CLUSTER_KEY_FILE is set",
    );
  }
  try {
    return readFile(file).trim();
  } catch (cause) {
    throw new VStackError("bad-request", `Cannot start the node as the key file "${file}" cannot be read`, { cause });
  }
}

/**
 * The node's addresses once its port is known. A node that listens on every interface says so in its public address (the
 * metadata server puts in the host name that the page was opened with), and is reached inside by loopback.
 */
export function nodeUrls(
  config: NodeConfig,
  port: number,
): { readonly publicUrl: string; readonly internalUrl: string } {
  const wildcard = config.host === "0.0.0.0" || config.host === "::";
  const bound = `http://${config.host.includes(":") ? `[${config.host}]` : config.host}:${port}`;
  return {
    publicUrl: config.publicUrl ?? bound,
    internalUrl: config.internalUrl ?? (wildcard ? `http://${DEFAULT_HOST}:${port}` : bound),
  };
}
