import * as v from "valibot";
import { describe, expect, test } from "vitest";
import type { ErrorCode } from "#wire/contract/errors.ts";
import { errorCode, VStackError } from "#wire/contract/errors.ts";
import { MAX_JSON_BYTES } from "#wire/contract/limits.ts";
import { PROBLEM_MEDIA_TYPE, problemType } from "#wire/contract/problem.ts";
import type { FetchPort } from "./http.ts";
import { ask, askJson } from "./http.ts";

const URL_TEXT = "http://node/thing";
const SCHEMA = v.object({ name: v.string(), parts: v.array(v.object({ size: v.number() })) });

/** The error of a request answered by `respond`; fails the test when there is none. */
async function failure(
  respond: FetchPort,
  options: { signal?: AbortSignal; deadlineMs?: number } = {},
): Promise<VStackError> {
  const signal = options.signal ?? new AbortController().signal;
  const outcome: unknown = await askJson(URL_TEXT, SCHEMA, { ...options, signal, fetch: respond }).catch(
    (error: unknown) => error,
  );
  expect(outcome).toBeInstanceOf(VStackError);
  return outcome instanceof VStackError ? outcome : new VStackError("internal", "never");
}

/** Never answers; rejects as a fetch does when its signal fires. */
const hangs: FetchPort = (_url, init) =>
  new Promise((_resolve, reject) => {
    init.signal?.addEventListener("abort", () => reject(new DOMException("stopped", "AbortError")));
  });

describe("ask()", () => {
  test("asks without cache, cookies or headers of its own", async () => {
    const seen: RequestInit[] = [];
    const port: FetchPort = async (_url, init) => {
      seen.push(init);
      return new Response("ok");
    };
    await ask(URL_TEXT, { signal: new AbortController().signal, fetch: port });
    expect(seen[0]).toMatchObject({ method: "GET", headers: {}, cache: "no-store", credentials: "omit" });
    expect(seen[0]).not.toHaveProperty("body");
  });

  test("throws aborted when the signal fires", async () => {
    const stop = new AbortController();
    const failing = failure(hangs, { signal: stop.signal });
    stop.abort();
    expect((await failing).code).toBe("aborted");
  });

  test("throws timeout with the deadline in its message when no answer comes", async () => {
    const error = await failure(hangs, { deadlineMs: 5 });
    expect(error.code).toBe("timeout");
    expect(error.message).toContain("within 5 ms");
  });

  test("throws unreachable with the cause when there is no connection", async () => {
    const cause = new TypeError("refused");
    const error = await failure(() => Promise.reject(cause));
    expect([error.code, error.cause]).toEqual(["unreachable", cause]);
  });

  test.each(["conflict", "storage-full", "too-large"] satisfies ErrorCode[])(
    "throws the %s of a problem document",
    async (code) => {
      const document = { type: problemType(code), title: "t", status: 409, detail: "Because", nodeId: "n1" };
      const headers = { "content-type": `${PROBLEM_MEDIA_TYPE}; charset=utf-8` };
      const error = await failure(async () => Response.json(document, { status: 409, headers }));
      expect([error.code, error.message, error.details["nodeId"]]).toEqual([code, "Because", "n1"]);
    },
  );

  test.each([
    [404, "text/html", "<h1>no</h1>", "not-found"],
    [500, "text/plain", "oops", "bad-answer"],
    [502, PROBLEM_MEDIA_TYPE, "no json", "bad-answer"],
    [400, PROBLEM_MEDIA_TYPE, JSON.stringify({ type: "about:blank", title: "t", status: 400 }), "bad-answer"],
  ])("makes a typed error of a foreign %i %s", async (status, type, body, code) => {
    const error = await failure(async () => new Response(body, { status, headers: { "content-type": type } }));
    expect(error.code).toBe(code);
  });
});

describe("askJson()", () => {
  test("gives the checked value", async () => {
    const port: FetchPort = async () => Response.json({ name: "a", parts: [{ size: 1 }], more: true });
    const signal = new AbortController().signal;
    expect(await askJson(URL_TEXT, SCHEMA, { signal, fetch: port })).toEqual({ name: "a", parts: [{ size: 1 }] });
  });

  test("points at the member that is wrong", async () => {
    const error = await failure(async () => Response.json({ name: "a", parts: [{ size: "big" }] }));
    expect(error.code).toBe("bad-answer");
    expect(error.message).toContain('"parts.0.size" is wrong');
  });

  test("refuses a body that is no JSON, or too long", async () => {
    expect(errorCode(await failure(async () => new Response("<html>")))).toBe("bad-answer");
    const long = JSON.stringify({ name: "x".repeat(MAX_JSON_BYTES), parts: [] });
    expect(errorCode(await failure(async () => new Response(long)))).toBe("bad-answer");
  });
});
