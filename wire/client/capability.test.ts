import { describe, expect, test } from "vitest";
import type { ErrorCode } from "#wire/contract/errors.ts";
import { errorCode } from "#wire/contract/errors.ts";
import { CAPABILITY_LIFETIME_MS, CLOCK_TOLERANCE_MS } from "#wire/contract/limits.ts";
import { checkCapability, importClusterKey, mintCapability, rememberingReader } from "./capability.ts";

const KEY_TEXT = Buffer.alloc(32, 7).toString("base64");
const NOW_MS = 1_700_000_000_000;
const GRANT = { method: "PUT", subject: "a".repeat(64), nowMs: NOW_MS } as const;
const WANTED = { method: "PUT", subject: "a".repeat(64), nowMs: NOW_MS } as const;

async function refusal(
  text: string | undefined,
  wanted: Partial<Parameters<typeof checkCapability>[2]> = {},
): Promise<ErrorCode | "allowed"> {
  const key = await importClusterKey(KEY_TEXT);
  return checkCapability(key, text, { ...WANTED, ...wanted }).then(
    () => "allowed" as const,
    (error: unknown) => errorCode(error),
  );
}

const minted = async (change: Partial<Parameters<typeof mintCapability>[1]> = {}) =>
  mintCapability(await importClusterKey(KEY_TEXT), { ...GRANT, ...change });

describe("checkCapability()", () => {
  test("allows exactly what was granted", async () => {
    const text = await minted();
    expect(await refusal(text)).toBe("allowed");
    expect(await refusal(text, { method: "DELETE" })).toBe("forbidden");
    expect(await refusal(text, { subject: "b".repeat(64) })).toBe("forbidden");
  });

  test("ends after its lifetime and the tolerance between clocks", async () => {
    const text = await minted();
    const end = NOW_MS + CAPABILITY_LIFETIME_MS + CLOCK_TOLERANCE_MS;
    expect(await refusal(text, { nowMs: end })).toBe("allowed");
    expect(await refusal(text, { nowMs: end + 1 })).toBe("unauthorized");
    expect(await refusal(await minted({ lifetimeMs: 0 }), { nowMs: NOW_MS + CLOCK_TOLERANCE_MS + 1 })).toBe(
      "unauthorized",
    );
  });

  test("refuses none, another cluster's, and any change of a single character", async () => {
    expect(await refusal(undefined)).toBe("unauthorized");
    expect(await refusal("")).toBe("unauthorized");
    const other = await importClusterKey(Buffer.alloc(32, 8).toString("base64"));
    expect(await refusal(await mintCapability(other, GRANT))).toBe("unauthorized");
    const text = await minted();
    // The last character of unpadded base64url may carry unused bits, so it is left out.
    for (let index = 0; index < text.length - 1; index += 7) {
      const changed = text.slice(0, index) + (text[index] === "A" ? "B" : "A") + text.slice(index + 1);
      expect(await refusal(changed), `character ${index}`).toBe("unauthorized");
    }
  });

  test("refuses texts of another form without a throw of another kind", async () => {
    for (const text of [
      ".",
      "a.b.c",
      "*.*",
      `${"a".repeat(2000)}.b`,
      `${Buffer.from("{}").toString("base64url")}.AAAA`,
    ]) {
      expect(await refusal(text)).toBe("unauthorized");
    }
  });

  test("travels in a query unescaped", async () => {
    expect(await minted()).toMatch(/^[A-Za-z0-9_.-]+$/);
  });
});

test("importClusterKey() refuses what is no base64 of 16 bytes and more", async () => {
  for (const text of ["", "*", Buffer.alloc(15).toString("base64")]) {
    const error: unknown = await importClusterKey(text).catch((cause: unknown) => cause);
    expect(errorCode(error)).toBe("bad-request");
  }
  await expect(importClusterKey(`${KEY_TEXT}\n`)).resolves.toBeDefined();
});

describe("rememberingReader()", () => {
  test("reads what is ours, again and again, and nothing else", async () => {
    const read = rememberingReader(await importClusterKey(KEY_TEXT));
    const text = await minted();
    const claims = await read(text);
    expect(claims).toMatchObject({ method: "PUT", subject: GRANT.subject });
    expect(await read(text)).toBe(claims);
    expect(await read(`${text.slice(0, -4)}AAAA`)).toBeUndefined();
    expect(await read("")).toBeUndefined();
  });

  test("forgets the oldest of many, and reads it anew", async () => {
    const read = rememberingReader(await importClusterKey(KEY_TEXT));
    const texts = await Promise.all(
      Array.from({ length: 300 }, (_, index) => minted({ subject: index.toString(16).padStart(64, "0") })),
    );
    const first = await read(texts[0] ?? "");
    const last = await Promise.all(texts.map((text) => read(text))).then((all) => all.at(-1));
    expect(await read(texts[0] ?? "")).not.toBe(first);
    expect(await read(texts.at(-1) ?? "")).toBe(last);
  });

  test("leaves the end of a capability to checkCapability()", async () => {
    const read = rememberingReader(await importClusterKey(KEY_TEXT));
    const text = await minted();
    await checkCapability(read, text, WANTED);
    const over = { ...WANTED, nowMs: NOW_MS + CAPABILITY_LIFETIME_MS + CLOCK_TOLERANCE_MS + 1 };
    await expect(checkCapability(read, text, over)).rejects.toMatchObject({ code: "unauthorized" });
    await expect(checkCapability(read, text, { ...WANTED, method: "DELETE" })).rejects.toMatchObject({
      code: "forbidden",
    });
  });
});
