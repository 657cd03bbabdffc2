import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { KERNEL_BASE64 } from "./kernel-bytes.ts";

const fileOf = (name: string) => fileURLToPath(new URL(name, import.meta.url));

test("KERNEL_BASE64 is what the compiler makes of kernel.as, byte for byte", () => {
  const built = execFileSync(process.execPath, [fileOf("build-kernel.mjs"), "--print"], { encoding: "utf8" });
  expect(built).toBe(readFileSync(fileOf("kernel-bytes.ts"), "utf8"));
});

test("KERNEL_BASE64 takes its memory from outside and is small enough for every bundle", () => {
  const module = new WebAssembly.Module(Buffer.from(KERNEL_BASE64, "base64"));
  expect(WebAssembly.Module.imports(module)).toEqual([{ module: "env", name: "memory", kind: "memory" }]);
  expect(WebAssembly.Module.exports(module).map(({ name }) => name)).toEqual(["combine", "sum"]);
  expect(KERNEL_BASE64.length).toBeLessThan(3_000);
});
