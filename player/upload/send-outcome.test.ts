import { expect, test } from "vitest";
import { problemType } from "#wire/contract/problem.ts";
import { outcomeOf } from "./send-outcome.ts";

const problem = (code: Parameters<typeof problemType>[0], detail: string) =>
  JSON.stringify({ type: problemType(code), title: "T", status: 400, detail });
const outcome = (status: number, body = "", isCreated = true) => outcomeOf({ status, body, isCreated });

test.each([0, 429, 500, 502, 503, 504])("outcomeOf() waits for %i to pass", (status) => {
  expect(outcome(status).is).toBe("passing");
  expect(outcome(status, "", false).is).toBe("passing");
});

test.each([409, 423])("outcomeOf() asks again where the server stands after %i", (status) => {
  expect(outcome(status).is).toBe("passing");
});

test("outcomeOf() does not try a refused group again and again", () => {
  expect(outcome(409, problem("conflict", "Cannot join the group"), false)).toEqual({
    is: "rejected",
    failure: { message: "Cannot join the group", advice: null, again: "start" },
  });
});

test.each([403, 404, 410])(
  "outcomeOf() offers to begin anew when the server has forgotten the upload (%i)",
  (status) => {
    expect(outcome(status)).toMatchObject({ is: "rejected", failure: { again: "start" } });
  },
);

test("outcomeOf() says in the server's words why it takes no such file", () => {
  expect(outcome(415, problem("unsupported-media", "Cannot store an empty file"), false)).toEqual({
    is: "rejected",
    failure: { message: "Cannot store an empty file", advice: null, again: "none" },
  });
});

test("outcomeOf() keeps what was sent when the disk is full", () => {
  expect(outcome(507, problem("storage-full", "Cannot take it"))).toMatchObject({
    failure: { message: "Cannot take it", again: "on" },
  });
});

test("outcomeOf() does not show a proxy's page", () => {
  expect(outcome(400, "<html>nginx</html>", false)).toMatchObject({
    failure: { message: "The server refused it with status 400" },
  });
});
