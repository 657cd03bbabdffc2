/** A process that simulates: this program again, at a hidden command, which talks with its parent in messages. */
import { type ChildProcess, fork } from "node:child_process";

/**
 * Room for new objects before they are cleared away. A session makes some 15 MB of them and keeps next to nothing: with the
 * 16 MB that Node gives unasked, a tenth of its time went into clearing (with 16, 64 and 128: 69, 76 and 78 sessions a second,
 * medians of four runs in turn).
 */
const YOUNG_MEGABYTES = 64;

/** With the runtime options of this process and the room above. */
export function startSimProcess(command: string): ChildProcess {
  const [, program = ""] = process.argv;
  const room = ["max", "min"].map((bound) => `--${bound}-semi-space-size=${YOUNG_MEGABYTES}`);
  const execArgv = [...process.execArgv, ...room];
  return fork(program, [command], { execArgv, stdio: ["ignore", "ignore", "inherit", "ipc"] });
}
