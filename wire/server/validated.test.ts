import { Hono } from "hono";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { MAX_JSON_BYTES } from "#wire/contract/limits.ts";
import { silentLog } from "./log.ts";
import { problemHandler } from "./problem-handler.ts";
import { parseInput, parseJsonBody } from "./validated.ts";

const Schema = v.object({ inner: v.object({ count: v.number() }) });

function app(): Hono {
  const hono = new Hono();
  hono.onError(problemHandler(silentLog));
  hono.post("/", async (context) => context.json(await parseJsonBody(context, Schema)));
  return hono;
}

async function post(body: BodyInit, headers: Record<string, string> = {}) {
  const response = await app().request("/", { method: "POST", body, headers });
  const json: unknown = await response.json();
  return { status: response.status, json };
}

describe("parseInput()", () => {
  test("points at what is wrong", () => {
    expect(() => parseInput(Schema, { inner: { count: "1" } }, "body")).toThrow(
      expect.objectContaining({ code: "bad-request", details: { pointer: "/inner/count" } }),
    );
    expect(() => parseInput(v.string(), 1, "path")).toThrow(/^Cannot use the path: /);
  });
});

describe("parseJsonBody()", () => {
  test("gives the typed value, also when a character is cut by a packet", async () => {
    const bytes = new TextEncoder().encode('{"inner":{"count":1},"x":"ü"}');
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        for (const byte of bytes) controller.enqueue(new Uint8Array([byte]));
        controller.close();
      },
    });
    const request = new Request("http://x/", { method: "POST", body: stream, duplex: "half" } as RequestInit);
    expect(await (await app().request(request)).json()).toEqual({ inner: { count: 1 } });
  });

  test("refuses what is no JSON, of another shape, or too large", async () => {
    expect(await post("{")).toMatchObject({ status: 400 });
    expect(await post("{}")).toMatchObject({ status: 400, json: { pointer: "/inner" } });
    expect(await post("{}", { "content-length": String(MAX_JSON_BYTES + 1) })).toMatchObject({ status: 413 });
    expect(await post(" ".repeat(MAX_JSON_BYTES + 1))).toMatchObject({ status: 413 });
  });

  test("calls an asker that went away by its name", async () => {
    const stream = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        controller.error(new Error("ECONNRESET"));
      },
    });
    const request = new Request("http://x/", { method: "POST", body: stream, duplex: "half" } as RequestInit);
    expect((await app().request(request)).status).toBe(499);
  });
});
