/** `vstack upload FILE...`: each file becomes a video, or with `--renditions` all together become one. */
import { VStackError } from "#wire/contract/errors.ts";
import type { Override } from "#wire/contract/redundancy-schemas.ts";
import { interrupted } from "../interrupted.ts";
import { durationText, printJson, printLine, remark, startProgress } from "../print.ts";
import { uploadVideo } from "../upload-video.ts";

/** Uploads of one command at once: enough to fill a line while others are packaged, few enough to read about. */
const AT_ONCE = 3;

export interface UploadOptions {
  readonly url: string;
  readonly title?: string;
  readonly redundancy: Override;
  readonly renditions: boolean;
  readonly json: boolean;
}

/** @returns the exit code: 1 when any video could not be stored; the others are stored all the same */
export async function upload(files: readonly string[], options: UploadOptions): Promise<number> {
  const videos = options.renditions ? [files] : files.map((file) => [file]);
  if (options.title !== undefined && videos.length > 1) {
    throw new VStackError("bad-request", "Cannot give one title to several videos: upload them one by one");
  }
  const signal = interrupted();
  const [only, ...others] = videos;
  if (only !== undefined && others.length === 0) {
    await uploadOne(only, options, { signal, isAlone: true });
    return 0;
  }
  let failed = 0;
  const queue = videos.values();
  const worker = async () => {
    for (const renditions of queue) {
      try {
        await uploadOne(renditions, options, { signal, isAlone: false });
      } catch (error) {
        failed += 1;
        remark(`${renditions.join(", ")}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return failed === 0 ? 0 : 1;
}

async function uploadOne(
  files: readonly string[],
  { url, title, redundancy, json }: UploadOptions,
  { signal, isAlone }: { signal: AbortSignal; isAlone: boolean },
): Promise<void> {
  const progress = startProgress({ quiet: json, shared: !isAlone });
  try {
    const stored = await uploadVideo({ url, files, title, redundancy, signal, progress });
    progress.end();
    if (json) printJson(stored);
    else printLine(`${stored.id}  ${stored.title} (${durationText(stored.durationSeconds)})  ${stored.watchUrl}`);
  } finally {
    progress.end();
  }
}
