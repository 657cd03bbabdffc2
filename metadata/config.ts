/** The configuration of the metadata server, from environment variables; the command line sets the same ones. */
import * as v from "valibot";
import { ACKNOWLEDGED_COPIES } from "#core/placement/record.ts";
import { MAX_NODES } from "#wire/contract/limits.ts";
import type { LOG_LEVELS } from "#wire/server/log.ts";
import type { Environment } from "#wire/server/role-config.ts";
import {
  boundUrl,
  clusterKeyText,
  COMMON_VARIABLES,
  FolderSchema,
  parseEnvironment,
  PortSchema,
} from "#wire/server/role-config.ts";
import type { LadderSetting } from "./ingest/transcode/ladder.ts";
import { LADDER_SETTINGS } from "./ingest/transcode/ladder.ts";

const ROLE = "the metadata server";
const DEFAULT_PORT = "8080";

const LabCopiesSchema = v.pipe(
  v.string(),
  v.regex(/^[0-9]{1,3}$/, "Expected a number of copies"),
  v.transform(Number),
  v.minValue(ACKNOWLEDGED_COPIES, `Expected at least ${ACKNOWLEDGED_COPIES}`),
  v.maxValue(MAX_NODES, `Expected at most ${MAX_NODES}`),
);

const AcceptorsSchema = v.pipe(
  v.picklist(["3", "5"], "Expected 3 or 5"),
  v.transform((text) => (text === "3" ? 3 : 5)),
);
const ReplaceAfterSchema = v.pipe(
  v.string(),
  v.regex(/^[0-9]{1,7}$/, "Expected a number of seconds"),
  v.transform(Number),
  v.minValue(1, "Expected at least 1 second"),
);

const EnvironmentSchema = v.object({
  ...COMMON_VARIABLES,
  VSTACK_PORT: v.optional(PortSchema, DEFAULT_PORT),
  VSTACK_PAGES: v.optional(FolderSchema),
  VSTACK_LAB_COPIES: v.optional(LabCopiesSchema),
  VSTACK_FFMPEG: v.optional(v.string()),
  VSTACK_LADDER: v.optional(v.picklist(LADDER_SETTINGS, "Expected auto, always or off"), "auto"),
  VSTACK_ACCEPTORS: v.optional(AcceptorsSchema, "5"),
  VSTACK_REPLACE_AFTER_SECONDS: v.optional(ReplaceAfterSchema, "600"),
});

export interface MetadataConfig {
  /** 0 asks the system for a free one. */
  readonly port: number;
  readonly host: string;
  readonly dataFolder: string;
  /** Undefined: follows from host and port. */
  readonly publicUrl: string | undefined;
  /** Folder of the built pages; undefined: beside the built servers. */
  readonly pagesFolder: string | undefined;
  /** Base64. */
  readonly clusterKeyText: string;
  readonly lab: boolean;
  /** Copies of each chunk, in a lab only; undefined: as many as ever. */
  readonly labCopies: number | undefined;
  /** Path of ffmpeg, or `off`; undefined: the one on the PATH, if there is one. */
  readonly ffmpeg: string | undefined;
  readonly ladder: LadderSetting;
  /** Nodes that vote on a video when there are so many. */
  readonly acceptors: 3 | 5;
  /** A node that is silent for so long votes no more when another one can take its place. */
  readonly replaceAfterSeconds: number;
  readonly logLevel: (typeof LOG_LEVELS)[number];
}

/**
 * Reads and checks everything.
 *
 * @param readFile reads the cluster key's file
 * @throws VStackError `bad-request` naming the variable that is missing or wrong
 */
export function readConfig(environment: Environment, readFile: (path: string) => string): MetadataConfig {
  const variables = parseEnvironment(EnvironmentSchema, environment, ROLE);
  return {
    port: variables.VSTACK_PORT,
    host: variables.VSTACK_HOST,
    dataFolder: variables.VSTACK_DATA,
    publicUrl: variables.VSTACK_PUBLIC_URL,
    pagesFolder: variables.VSTACK_PAGES,
    clusterKeyText: clusterKeyText(variables, readFile, ROLE),
    lab: variables.VSTACK_LAB,
    labCopies: variables.VSTACK_LAB_COPIES,
    ffmpeg: variables.VSTACK_FFMPEG,
    ladder: variables.VSTACK_LADDER,
    acceptors: variables.VSTACK_ACCEPTORS,
    replaceAfterSeconds: variables.VSTACK_REPLACE_AFTER_SECONDS,
    logLevel: variables.VSTACK_LOG_LEVEL,
  };
}

/** The server's address for browsers, once its port is known. */
export function publicUrlOf({ host, publicUrl }: MetadataConfig, port: number): string {
  return publicUrl ?? boundUrl(host, port);
}
