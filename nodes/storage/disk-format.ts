/**
 * `format.json`, made once when a data folder is first used: the version of everything below it, whose it is, and an
 * incarnation by which the cluster notices that a disk was wiped.
 *
 * Version 2 has shards beside the chunks, and versions with the references. A folder of version 1 becomes one of version 2 when
 * it is opened, incarnation and all: what is in it is valid as it is, but for the journal, which is read and written anew.
 */
import { randomBytes } from "node:crypto";
import * as v from "valibot";
import type { NodeId } from "#core/ids.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { NodeIdSchema } from "#wire/contract/schemas.ts";
import type { FileSystem } from "./file-system.ts";
import { readWholeFile, writeWholeFile } from "./file-system.ts";

const FORMAT_FILE = "format.json";
const FORMAT_VERSION = 2;
const OLDER_VERSIONS = [1];

const VersionSchema = v.looseObject({ version: v.number() });
const FormatSchema = v.object({
  version: v.picklist([...OLDER_VERSIONS, FORMAT_VERSION]),
  nodeId: NodeIdSchema,
  incarnation: v.pipe(v.string(), v.minLength(1), v.maxLength(64)),
});

/**
 * Reads the format of a data folder, or makes it in an empty one.
 *
 * @returns the incarnation
 * @throws VStackError `conflict` when the folder is of another version or node, or holds something else
 */
export async function openFormat(fileSystem: FileSystem, folder: string, nodeId: NodeId): Promise<string> {
  const bytes = await readWholeFile(fileSystem, `${folder}/${FORMAT_FILE}`);
  if (bytes === undefined) return await makeFormat(fileSystem, folder, nodeId);
  const json = parseJson(bytes.toString("utf8"));
  const format = v.safeParse(FormatSchema, json);
  if (!format.success) {
    const version = v.safeParse(VersionSchema, json);
    const found = version.success ? `its version is ${version.output.version}` : "its format.json cannot be read";
    throw new VStackError(
      "conflict",
      `Cannot use the data folder "${folder}" as ${found}: version ${FORMAT_VERSION} is wanted`,
    );
  }
  if (format.output.nodeId !== nodeId) {
    const message = `Cannot use the data folder "${folder}" as it belongs to node "${format.output.nodeId}": this is "${nodeId}"`;
    throw new VStackError("conflict", message);
  }
  const { version, incarnation } = format.output;
  // Before anything is changed below: a program that knows version 1 alone must not open it any more.
  if (version !== FORMAT_VERSION) await writeFormat(fileSystem, folder, { nodeId, incarnation });
  return incarnation;
}

async function makeFormat(fileSystem: FileSystem, folder: string, nodeId: NodeId): Promise<string> {
  // A folder with chunks and no format.json is a damaged store, or not ours: starting over in it would hide that.
  const names = await fileSystem.list(folder);
  if (names.some((name) => name === "chunks" || name.startsWith("references.log"))) {
    throw new VStackError("conflict", `Cannot use the data folder "${folder}" as it has chunks and no format.json`);
  }
  const incarnation = randomBytes(16).toString("hex");
  await writeFormat(fileSystem, folder, { nodeId, incarnation });
  return incarnation;
}

async function writeFormat(
  fileSystem: FileSystem,
  folder: string,
  { nodeId, incarnation }: { readonly nodeId: NodeId; readonly incarnation: string },
): Promise<void> {
  const text = `${JSON.stringify({ version: FORMAT_VERSION, nodeId, incarnation })}\n`;
  await writeWholeFile(fileSystem, { folder, name: FORMAT_FILE, bytes: Buffer.from(text) });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
