import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { VStackError } from "#wire/contract/errors.ts";
import { ProblemSchema } from "#wire/contract/problem.ts";
import { accessLog } from "./access-log.ts";
import { isAnsweredDirectly } from "./direct-answer.ts";
import { type Log, silentLog } from "./log.ts";
import { methodNotAllowed } from "./method-not-allowed.ts";
import { notFoundHandler, problemHandler, problemResponse } from "./problem-handler.ts";

function appThatThrows(error: Error, log: Log = silentLog): Hono {
  const app = new Hono();
  app.onError(problemHandler(log));
  app.notFound(notFoundHandler);
  app.get("/thing", () => {
    throw error;
  });
  app.all("/thing", methodNotAllowed("GET", "HEAD"));
  return app;
}

describe("problemHandler()", () => {
  test("turns an error of ours into its problem, with its details", async () => {
    const error = new VStackError("digest-mismatch", "Cannot store it", {
      details: { expected: "a", type: "not this" },
    });
    const response = await appThatThrows(error).request("/thing?capability=secret");
    expect(response.status).toBe(422);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(v.parse(ProblemSchema, await response.json())).toEqual({
      type: "urn:vstack:problem:digest-mismatch",
      title: "The bytes do not hash to their name",
      status: 422,
      detail: "Cannot store it",
      instance: "/thing",
      expected: "a",
    });
  });

  test("says nothing of unexpected errors, and logs them", async () => {
    const logged: object[] = [];
    const log = { ...silentLog, error: (fields: object) => logged.push(fields) };
    const response = await appThatThrows(new Error("the password is x"), log).request("/thing");
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain("password");
    expect(logged).toMatchObject([{ method: "GET", path: "/thing" }]);
  });

  test("makes a problem of Hono's own refusals", async () => {
    const response = await appThatThrows(new HTTPException(400, { message: "Malformed" })).request("/thing");
    expect(await response.json()).toMatchObject({ status: 400, detail: "Malformed" });
  });

  test("asks to come again after 429 and 503, and for a capability after 401", () => {
    for (const code of ["too-many-requests", "unavailable"] as const) {
      expect(problemResponse(new VStackError(code, "x"), "/").headers.get("retry-after")).toBe("1");
    }
    expect(problemResponse(new VStackError("unauthorized", "x"), "/").headers.get("www-authenticate")).toMatch(
      /^Bearer/,
    );
  });

  test("methodNotAllowed() and notFoundHandler answer problems", async () => {
    const app = appThatThrows(new Error("unused"));
    const wrongMethod = await app.request("/thing", { method: "POST" });
    expect([wrongMethod.status, wrongMethod.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
    expect(await (await app.request("/nowhere")).json()).toMatchObject({ status: 404, instance: "/nowhere" });
  });
});

describe("accessLog()", () => {
  test("logs writes at info and reads at debug, never a query", async () => {
    const lines: unknown[] = [];
    const log = {
      ...silentLog,
      debug: (fields: object) => lines.push(["debug", fields]),
      info: (fields: object) => lines.push(["info", fields]),
    };
    const app = new Hono();
    app.use(accessLog(log));
    app.all("/thing", (context) => context.text("ok"));
    await app.request("/thing?capability=secret");
    await app.request("/thing?capability=secret", { method: "PUT" });
    expect(lines).toMatchObject([
      ["debug", { method: "GET", path: "/thing", status: 200 }],
      ["info", { method: "PUT", path: "/thing", status: 200 }],
    ]);
    expect(JSON.stringify(lines)).not.toContain("secret");
  });

  test("takes the status of an answer that the route wrote itself", async () => {
    const lines: unknown[] = [];
    const app = new Hono();
    app.use(accessLog({ ...silentLog, debug: (fields: object) => lines.push(fields) }));
    app.get("/thing", (context) => {
      expect(isAnsweredDirectly(context)).toBe(true);
      return new Response(null);
    });
    await app.request("/thing", {}, { outgoing: { headersSent: true, statusCode: 206 } });
    expect(lines).toMatchObject([{ status: 206 }]);
  });
});
