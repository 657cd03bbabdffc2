/** Settings of the metadata server about ffmpeg, as flags of the commands that start one. */
import type { Command } from "commander";
import { Option } from "commander";

const LADDERS = ["auto", "always", "off"] as const;

export interface MediaOptions {
  readonly ffmpeg?: string;
  readonly ladder: string;
}

export function withMediaOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--ffmpeg <path>", "ffmpeg to use (default: the one on the PATH), or off").env("VSTACK_FFMPEG"),
    )
    .addOption(
      new Option("--ladder <when>", "encode several qualities: when needed, always, or never")
        .env("VSTACK_LADDER")
        .choices(LADDERS)
        .default("auto"),
    );
}

/** The environment of the server. */
export function mediaSettings({ ffmpeg, ladder }: MediaOptions): Record<string, string> {
  return { VSTACK_LADDER: ladder, ...(ffmpeg === undefined ? {} : { VSTACK_FFMPEG: ffmpeg }) };
}
