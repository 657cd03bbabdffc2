import { mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import type { ChildLimits } from "./child-limits.ts";
import { overrunOf } from "./child-limits.ts";
import type { ChildOptions } from "./limited-child.ts";
import { startChild } from "./limited-child.ts";

vi.setConfig({ testTimeout: 20_000 });

const MIB = 1024 * 1024;
const AMPLE: ChildLimits = { wallMs: 60_000, silentMs: 60_000, residentBytes: 2048 * MIB, outputBytes: 64 * MIB };
const folder = mkdtempSync(join(tmpdir(), "vstack-child-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a script of Node's as the child. */
function startScript(
  script: string,
  {
    limits = {},
    pipes = 0,
    ...options
  }: Partial<Omit<ChildOptions, "limits">> & { limits?: Partial<ChildLimits>; pipes?: number } = {},
) {
  const signal = options.signal ?? new AbortController().signal;
  const command = { path: process.execPath, words: ["-e", script], pipes, folder };
  return startChild(command, { ...options, signal, limits: { ...AMPLE, ...limits } });
}
async function textOf(output: AsyncIterable<Uint8Array> | undefined): Promise<string> {
  const parts: Uint8Array[] = [];
  if (output !== undefined) for await (const part of output) parts.push(part);
  return Buffer.concat(parts).toString();
}
const drained = (outputs: readonly AsyncIterable<Uint8Array>[]) =>
  Promise.all(outputs.map((output) => textOf(output).catch(() => "broken")));
const FOREVER = "setInterval(() => {}, 1000);";
const isRunning = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe("startChild()", () => {
  it("gives every pipe its own output, and says how it ended", async () => {
    const script = `require("fs").writeSync(3, "three"); require("fs").writeSync(4, "four");
      process.stdout.write("one"); process.stderr.write("oh no"); process.exitCode = 7;`;
    const child = startScript(script, { pipes: 2 });
    expect(await drained(child.outputs)).toEqual(["one", "three", "four"]);
    expect(await child.ended).toEqual({ code: 7, overrun: null, complaint: "oh no" });
  });

  it("passes nothing of our environment on but the PATH", async () => {
    vi.stubEnv("VSTACK_CLUSTER_KEY", "secret");
    const child = startScript("process.stdout.write(JSON.stringify(Object.keys(process.env)))");
    expect(JSON.parse((await drained(child.outputs))[0] ?? "")).toEqual(["PATH", "LC_ALL", "AV_LOG_FORCE_NOCOLOR"]);
  });

  it.each([
    ["time", { wallMs: 300 }, `setInterval(() => process.stdout.write("."), 10);`],
    ["silence", { silentMs: 300 }, FOREVER],
    ["output", { outputBytes: 100_000 }, `setInterval(() => process.stdout.write("x".repeat(10000)), 1);`],
    ["memory", { residentBytes: 150 * MIB }, `globalThis.kept = Buffer.alloc(${300 * MIB}, 1); ${FOREVER}`],
  ])("ends one that passes its limit of %s", async (overrun, limits, script) => {
    const child = startScript(script, { limits });
    await drained(child.outputs);
    expect(await child.ended).toMatchObject({ code: null, overrun });
  });

  it("charges no time while we are what it waits for", async () => {
    let looks = 0;
    const isHeldBack = () => {
      looks += 1;
      return looks < 4;
    };
    const child = startScript(FOREVER, { limits: { silentMs: 300 }, isHeldBack });
    await drained(child.outputs);
    expect(await child.ended).toMatchObject({ overrun: "silence" });
    expect(looks).toBeGreaterThanOrEqual(5);
  });

  it("ends it with everything that it started when the signal fires", async () => {
    const stopping = new AbortController();
    const script = `const { spawn } = require("child_process");
      const inner = spawn(process.execPath, ["-e", ${JSON.stringify(FOREVER)}]);
      require("fs").writeSync(3, inner.pid + "\\n"); ${FOREVER}`;
    const child = startScript(script, { pipes: 1, signal: stopping.signal });
    const said = await child.outputs[1]?.[Symbol.asyncIterator]().next();
    const innerPid = Number(Buffer.from(said?.value ?? []).toString());
    expect(isRunning(innerPid)).toBe(true);
    stopping.abort(new Error("enough"));
    await expect(child.ended).rejects.toThrow("enough");
    // Whoever adopted it may need a moment to let go of its process.
    await vi.waitFor(async () => {
      const state = /^State:\s+(\w)/m.exec(await readFile(`/proc/${innerPid}/status`, "utf8").catch(() => ""))?.[1];
      expect(state ?? "gone").toMatch(/^(?:Z|gone)$/);
    });
  });

  it("says that a program is not there", async () => {
    const command = { path: join(folder, "nothing"), words: [], pipes: 0, folder };
    const child = startChild(command, { limits: AMPLE, signal: new AbortController().signal });
    await drained(child.outputs);
    await expect(child.ended).rejects.toMatchObject({ code: "internal" });
  });
});

describe("overrunOf()", () => {
  it("is null at the limits, and names the first that is passed", () => {
    const use = { runMs: 60_000, silentMs: 60_000, residentBytes: 2048 * MIB, outputBytes: 64 * MIB };
    expect(overrunOf(use, AMPLE)).toBeNull();
    expect(overrunOf({ ...use, runMs: 60_001, outputBytes: 65 * MIB }, AMPLE)).toBe("output");
  });
});
