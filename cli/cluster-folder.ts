/**
 * The folder that `vstack up` keeps a cluster in:
 *
 *     <data>/cluster.key   base64 of 32 random bytes, mode 0600: whoever reads it may write to the nodes
 *     <data>/up.pid        while `up` runs
 *     <data>/demo-stored   the demo video was stored once; deleting the video does not bring it back
 *     <data>/metadata/     catalogue and uploads under way
 *     <data>/nodes/<id>/   one folder per storage node
 */
import { randomBytes } from "node:crypto";
import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { VStackError } from "#wire/contract/errors.ts";

const KEY_BYTES = 32;

export interface ClusterFolder {
  readonly path: string;
  readonly keyFile: string;
  readonly demoMark: string;
  readonly metadataFolder: string;
  nodeFolder(nodeId: string): string;
}

/** Names the places; touches nothing. */
export function clusterFolder(data: string): ClusterFolder {
  const path = resolve(data);
  return {
    path,
    keyFile: join(path, "cluster.key"),
    demoMark: join(path, "demo-stored"),
    metadataFolder: join(path, "metadata"),
    nodeFolder: (nodeId) => join(path, "nodes", nodeId),
  };
}

/** Makes the folder and the cluster key when they are not there. The key is never replaced. */
export async function prepareClusterFolder(folder: ClusterFolder): Promise<void> {
  try {
    await mkdir(folder.path, { recursive: true, mode: 0o700 });
    await writeFile(folder.keyFile, `${randomBytes(KEY_BYTES).toString("base64")}\n`, { flag: "wx", mode: 0o600 });
  } catch (cause) {
    if (fileErrorCode(cause) === "EEXIST") return;
    throw new VStackError(
      "unavailable",
      `Cannot prepare the data folder "${folder.path}": choose another with --data`,
      {
        cause,
      },
    );
  }
}

/**
 * Marks the folder as in use by this process.
 *
 * @returns gives the folder free again
 * @throws VStackError `conflict` when another `up` uses it
 */
export async function lockClusterFolder(folder: ClusterFolder): Promise<() => Promise<void>> {
  const lock = join(folder.path, "up.pid");
  for (;;) {
    try {
      await writeFile(lock, `${process.pid}\n`, { flag: "wx" });
      return () => rm(lock, { force: true });
    } catch (cause) {
      if (fileErrorCode(cause) !== "EEXIST") throw cause;
      const pid = Number((await readFile(lock, "utf8").catch(() => "")).trim());
      if (Number.isInteger(pid) && pid > 0 && pid !== process.pid && isRunning(pid)) {
        throw new VStackError(
          "conflict",
          `Cannot use "${folder.path}" as process ${pid} already runs a cluster in it: stop that, or choose another with --data (if no cluster runs, delete "${lock}")`,
        );
      }
      await rm(lock, { force: true });
    }
  }
}

/** Whether a file or folder is there. */
export async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}

/**
 * The cluster key's text: given, from the environment, from a file, or from a data folder.
 *
 * @throws VStackError `unauthorized` when there is none
 */
export async function readClusterKey(options: { clusterKey?: string; data: string }): Promise<string> {
  const fromEnvironment = process.env["VSTACK_CLUSTER_KEY"];
  if (options.clusterKey === undefined && fromEnvironment !== undefined) return fromEnvironment;
  const file = options.clusterKey ?? clusterFolder(options.data).keyFile;
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new VStackError(
      "unauthorized",
      `Cannot read the cluster key "${file}": name the cluster's folder with --data, or the key with --cluster-key FILE or VSTACK_CLUSTER_KEY`,
      { cause },
    );
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return fileErrorCode(error) === "EPERM";
  }
}

function fileErrorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
