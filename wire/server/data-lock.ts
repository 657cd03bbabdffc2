/**
 * One process per data folder: two would each hold half of the truth. The lock is a file with the process
 * id; one whose process is gone (kill -9, power loss) is taken over.
 */
import { closeSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { VStackError } from "#wire/contract/errors.ts";
import { hasErrorCode } from "./system-error.ts";

const LOCK_FILE = "lock";
/** First try, and one more after a dead owner's lock was removed. */
const MAX_TRIES = 2;

/**
 * @returns gives the folder free
 * @throws VStackError `conflict` when another living process has it
 */
export function lockDataFolder(folder: string, pid: number): () => void {
  const path = `${folder}/${LOCK_FILE}`;
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    try {
      const descriptor = openSync(path, "wx", 0o600);
      writeSync(descriptor, String(pid));
      closeSync(descriptor);
      return () => {
        rmSync(path, { force: true });
      };
    } catch (error) {
      if (!hasErrorCode(error, "EEXIST")) throw error;
    }
    const owner = Number(readFileSync(path, "utf8"));
    // Our own number in it: a container whose processes are numbered alike at each start.
    if (owner !== pid && isAlive(owner)) break;
    rmSync(path, { force: true });
  }
  throw new VStackError("conflict", `Cannot use the data folder "${folder}" as another process has it: see ${path}`);
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return hasErrorCode(error, "EPERM");
  }
}
