/** The configuration of the metadata server, from environment variables; the command line sets the same ones. */
import * as v from "valibot";
import { VStackError } from "#wire/contract/errors.ts";
import { LOG_LEVELS } from "#wire/server/log.ts";
import type { LadderSetting } from "./ingest/transcode/ladder.ts";
import { LADDER_SETTINGS } from "./ingest/transcode/ladder.ts";

const DEFAULT_HOST = "127.0.0.1";
const DEFAULT_PORT = "8080";

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
  v.picklist(["0", "1", "false", "true"], "Expected 1 or 0"),
  v.transform((text) => text === "1" || text === "true"),
);
const FolderSchema = v.pipe(v.string(), v.minLength(1, "Expected a folder"));

const EnvironmentSchema = v.object({
  VSTACK_PORT: v.optional(PortSchema, DEFAULT_PORT),
  VSTACK_HOST: v.optional(v.pipe(v.string(), v.maxLength(255)), DEFAULT_HOST),
  VSTACK_DATA: FolderSchema,
  VSTACK_PUBLIC_URL: v.optional(UrlSchema),
  VSTACK_PAGES: v.optional(FolderSchema),
  VSTACK_CLUSTER_KEY: v.optional(v.string()),
  VSTACK_CLUSTER_KEY_FILE: v.optional(v.string()),
  VSTACK_LAB: v.optional(FlagSchema, "0"),
  VSTACK_FFMPEG: v.optional(v.string()),
  VSTACK_LADDER: v.optional(v.picklist(LADDER_SETTINGS, "Expected auto, always or off"), "auto"),
  VSTACK_LOG_LEVEL: v.optional(v.picklist(LOG_LEVELS), "info"),
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
  /** Path of ffmpeg, or `off`; undefined: the one on the PATH, if there is one. */
  readonly ffmpeg: string | undefined;
  readonly ladder: LadderSetting;
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
): MetadataConfig {
  // An empty variable is what a shell gives for one that is not set.
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ""),
  );
  const parsed = v.safeParse(EnvironmentSchema, given);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    const name = v.getDotPath(issue) ?? "environment";
    const problem = name in given ? issue.message : "It is not set";
    throw new VStackError("bad-request", `Cannot start the metadata server as ${name} is wrong: ${problem}`);
  }
  const variables = parsed.output;
  return {
    port: variables.VSTACK_PORT,
    host: variables.VSTACK_HOST,
    dataFolder: variables.VSTACK_DATA,
    publicUrl: variables.VSTACK_PUBLIC_URL,
    pagesFolder: variables.VSTACK_PAGES,
    clusterKeyText: clusterKeyText(variables, readFile),
    lab: variables.VSTACK_LAB,
    ffmpeg: variables.VSTACK_FFMPEG,
    ladder: variables.VSTACK_LADDER,
    logLevel: variables.VSTACK_LOG_LEVEL,
  };
}

function clusterKeyText(
  { VSTACK_CLUSTER_KEY: text, VSTACK_CLUSTER_KEY_FILE: file }: v.InferOutput<typeof EnvironmentSchema>,
  readFile: (path: string) => string,
): string {
  if (text !== undefined) return text.trim();
  if (file === undefined) {
    throw new VStackError(
      "bad-request",
      "Cannot start the metadata server as neither VSTACK_CLUSTER_KEY nor VSTACK_CLUSTER_KEY_FILE is set",
    );
  }
  try {
    return readFile(file).trim();
  } catch (cause) {
    throw new VStackError("bad-request", `Cannot start the metadata server as the key file "${file}" cannot be read`, {
      cause,
    });
  }
}

/** The server's address for browsers, once its port is known. */
export function publicUrlOf({ host, publicUrl }: MetadataConfig, port: number): string {
  return publicUrl ?? `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
