/** The renditions of the demo video that ships with the program. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";

/** @returns paths of all MP4 files in the folder, in a stable order; none when the folder is not there */
export async function demoFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((): string[] => []);
  return names
    .filter((name) => name.endsWith(".mp4"))
    .sort()
    .map((name) => join(folder, name));
}
