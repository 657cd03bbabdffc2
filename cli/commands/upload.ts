/** `vstack upload FILE...`: each file becomes a video, or with `--renditions` all together become one. */
import { VStackError } from "#wire/contract/errors.ts";
import { durationText, printJson, printLine, startProgress } from "../print.ts";
import { interrupted } from "../interrupted.ts";
import { uploadVideo } from "../upload-video.ts";

export interface UploadOptions {
  readonly url: string;
  readonly title?: string;
  readonly redundancy: "auto" | "replication";
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
  let failed = 0;
  for (const renditions of videos) {
    const progress = startProgress(options.json);
    try {
      const { url, title, redundancy } = options;
      const stored = await uploadVideo({ url, files: renditions, title, redundancy, signal, progress });
      progress.end();
      if (options.json) printJson(stored);
      else printLine(`${stored.id}  ${stored.title} (${durationText(stored.durationSeconds)})  ${stored.watchUrl}`);
    } catch (error) {
      progress.end();
      if (videos.length === 1) throw error;
      failed += 1;
      process.stderr.write(`${renditions.join(", ")}: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
  return failed === 0 ? 0 : 1;
}
