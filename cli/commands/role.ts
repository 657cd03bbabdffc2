/** `vstack node` and `vstack metadata`: one role in the foreground, for several machines. */
import { mkdir } from "node:fs/promises";
import { VStackError } from "#wire/contract/errors.ts";
import { remark } from "../print.ts";
import type { RoleName } from "../processes.ts";
import { endText, startRole, stopRoles } from "../processes.ts";

/**
 * Runs the role until it is told to stop or ends by itself.
 *
 * @returns the exit code
 */
export async function runRole(role: RoleName, name: string, settings: Record<string, string>): Promise<number> {
  const data = settings["VSTACK_DATA"];
  if (data === undefined) throw new VStackError("bad-request", `Cannot start ${name} as no data folder was named`);
  await mkdir(data, { recursive: true, mode: 0o700 });
  const started = await startRole(role, name, settings);
  const stopping = new AbortController();
  const stop = () => {
    stopping.abort();
    void stopRoles([started]);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
  remark(`${name} serves at ${settings["VSTACK_PUBLIC_URL"] ?? ""}`);
  const end = await started.ended;
  if (stopping.signal.aborted || end.code === 0) return 0;
  remark(`${name} ended with ${endText(end)}`);
  return 1;
}
