import { expect, test } from "vitest";
import { errorCode, VStackError } from "./errors.ts";
import { PROBLEM_KINDS, problemCode, problemType } from "./problem.ts";

test("problemCode() reads what problemType() writes, for every code, and nothing else", () => {
  for (const [code, kind] of Object.entries(PROBLEM_KINDS)) {
    expect(problemCode(`urn:vstack:problem:${code}`)).toBe(code);
    expect(kind.status).toBeGreaterThanOrEqual(400);
    expect(kind.status).toBeLessThan(600);
  }
  expect(problemType("gone")).toBe("urn:vstack:problem:gone");
  for (const type of ["", "about:blank", "urn:vstack:problem:", "urn:vstack:problem:toString", "gone"]) {
    expect(problemCode(type)).toBeUndefined();
  }
});

test("errorCode() is internal for what is not ours", () => {
  expect(errorCode(new VStackError("timeout", "Cannot wait"))).toBe("timeout");
  expect(errorCode(new TypeError("x"))).toBe("internal");
  expect(errorCode(undefined)).toBe("internal");
});

test("VStackError keeps cause and details", () => {
  const cause = new Error("below");
  const error = new VStackError("corrupt", "Cannot read", { cause, details: { nodeId: "n" } });
  expect([error.cause, error.details, error.name]).toEqual([cause, { nodeId: "n" }, "VStackError"]);
  expect("cause" in new VStackError("corrupt", "Cannot read")).toBe(false);
});
