/** The configuration of a storage node, from environment variables; the command line sets the same ones. */
import * as v from "valibot";
import type { NodeId } from "#core/ids.ts";
import { DomainSchema } from "#wire/contract/cluster-api.ts";
import { NodeIdSchema } from "#wire/contract/schemas.ts";
import type { LOG_LEVELS } from "#wire/server/log.ts";
import type { Environment } from "#wire/server/role-config.ts";
import {
  boundUrl,
  clusterKeyText,
  COMMON_VARIABLES,
  FlagSchema,
  parseEnvironment,
  PortSchema,
  UrlSchema,
} from "#wire/server/role-config.ts";

const ROLE = "the node";
const LOOPBACK = "127.0.0.1";

const CapacitySchema = v.pipe(
  v.string(),
  v.regex(/^[1-9][0-9]{0,15}$/, "Expected a count of bytes above 0"),
  v.transform(Number),
  v.safeInteger("Expected a count of bytes above 0"),
);

const EnvironmentSchema = v.object({
  ...COMMON_VARIABLES,
  VSTACK_NODE_ID: NodeIdSchema,
  VSTACK_PORT: PortSchema,
  VSTACK_METADATA_URL: v.optional(UrlSchema),
  VSTACK_INTERNAL_URL: v.optional(UrlSchema),
  VSTACK_CAPACITY_BYTES: v.optional(CapacitySchema),
  VSTACK_DOMAIN: v.optional(DomainSchema),
  VSTACK_ACCESS_LEDGER: v.optional(FlagSchema, "0"),
  /** Read by libuv, which takes no more than 1024 threads; four when it is not set. */
  UV_THREADPOOL_SIZE: v.optional(
    v.pipe(v.string(), v.regex(/^[0-9]{1,4}$/, "Expected a number of threads"), v.transform(Number)),
    "4",
  ),
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
  /** What fails together with it; undefined: nothing else. */
  readonly domain: string | undefined;
  /** Threads of this process for file operations. */
  readonly threadCount: number;
  readonly lab: boolean;
  /** In lab mode: the process that started this one keeps the ledger of clients' emulated access links. */
  readonly parentKeepsLedger: boolean;
  readonly logLevel: (typeof LOG_LEVELS)[number];
}

/**
 * Reads and checks everything.
 *
 * @param readFile reads the cluster key's file
 * @throws VStackError `bad-request` naming the variable that is missing or wrong
 */
export function readConfig(environment: Environment, readFile: (path: string) => string): NodeConfig {
  const variables = parseEnvironment(EnvironmentSchema, environment, ROLE);
  return {
    nodeId: variables.VSTACK_NODE_ID,
    port: variables.VSTACK_PORT,
    host: variables.VSTACK_HOST,
    dataFolder: variables.VSTACK_DATA,
    metadataUrl: variables.VSTACK_METADATA_URL,
    publicUrl: variables.VSTACK_PUBLIC_URL,
    internalUrl: variables.VSTACK_INTERNAL_URL,
    clusterKeyText: clusterKeyText(variables, readFile, ROLE),
    capacityBytes: variables.VSTACK_CAPACITY_BYTES,
    domain: variables.VSTACK_DOMAIN,
    threadCount: variables.UV_THREADPOOL_SIZE,
    lab: variables.VSTACK_LAB,
    parentKeepsLedger: variables.VSTACK_ACCESS_LEDGER,
    logLevel: variables.VSTACK_LOG_LEVEL,
  };
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
  const bound = boundUrl(config.host, port);
  return {
    publicUrl: config.publicUrl ?? bound,
    internalUrl: config.internalUrl ?? (wildcard ? boundUrl(LOOPBACK, port) : bound),
  };
}
