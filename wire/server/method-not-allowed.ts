/** 405 for methods that a path does not answer, with the `Allow` header that RFC 9110 section 15.5.6 asks for. */
import type { Handler } from "hono";
import { VStackError } from "#wire/contract/errors.ts";
import { problemResponse } from "./problem-handler.ts";

/** For `app.all`, after the methods that the path does answer. */
export function methodNotAllowed(...allowed: readonly string[]): Handler {
  const allow = allowed.join(", ");
  return (context) => {
    const { method, path } = context.req;
    const error = new VStackError("method-not-allowed", `Cannot ${method} ${path} as only ${allow} are answered`);
    return problemResponse(error, path, { allow });
  };
}
