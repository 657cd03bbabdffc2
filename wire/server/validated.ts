/** Edges parse: a schema in front of a route gives a typed value, or 400 with a pointer to what is wrong. */
import type { Context } from "hono";
import * as v from "valibot";
import { VStackError } from "#wire/contract/errors.ts";
import { MAX_JSON_BYTES } from "#wire/contract/limits.ts";

/**
 * Reads a value by a schema.
 *
 * @param what names the input in the message: `query`, `body`, `path`
 * @throws VStackError `bad-request` with the dotted path of the first issue
 */
export function parseInput<Schema extends v.GenericSchema>(
  schema: Schema,
  input: unknown,
  what: string,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, input);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const pointer = v.getDotPath(issue);
  if (pointer === null) throw new VStackError("bad-request", `Cannot use the ${what}: ${issue.message}`);
  throw new VStackError("bad-request", `Cannot use the ${what} as "${pointer}" is wrong: ${issue.message}`, {
    details: { pointer: `/${pointer.replaceAll(".", "/")}` },
  });
}

/**
 * Reads a JSON body within the limit.
 *
 * @param maxBytes where a body may be longer than others
 * @throws VStackError `too-large`, or `bad-request` when it is no JSON or of another shape
 */
export async function parseJsonBody<Schema extends v.GenericSchema>(
  context: Context,
  schema: Schema,
  maxBytes = MAX_JSON_BYTES,
): Promise<v.InferOutput<Schema>> {
  const declared = Number(context.req.header("content-length") ?? "0");
  if (declared > maxBytes)
    throw new VStackError("too-large", `Cannot read a body of ${declared} bytes: at most ${maxBytes} are read`);
  return parseJson(schema, await readLimitedText(context, maxBytes), "body");
}

/**
 * Reads JSON by a schema.
 *
 * @param what names the input in the message, as in {@link parseInput}
 * @throws VStackError `bad-request`
 */
export function parseJson<Schema extends v.GenericSchema>(
  schema: Schema,
  text: string,
  what: string,
): v.InferOutput<Schema> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new VStackError("bad-request", `Cannot read the ${what} as it is no JSON`, { cause });
  }
  return parseInput(schema, json, what);
}

async function readLimitedText(context: Context, maxBytes: number): Promise<string> {
  const body = context.req.raw.body;
  if (body === null) return "";
  const decoder = new TextDecoder();
  let text = "";
  let receivedBytes = 0;
  const reader: ReadableStreamDefaultReader<Uint8Array> = body.getReader();
  for (;;) {
    const part = await reader.read().catch((cause: unknown) => {
      throw new VStackError("aborted", "Cannot read the body as the asker went away", { cause });
    });
    if (part.done) return text + decoder.decode();
    receivedBytes += part.value.length;
    if (receivedBytes > maxBytes) {
      await reader.cancel().catch(() => {});
      throw new VStackError("too-large", `Cannot read a body of more than ${maxBytes} bytes`);
    }
    text += decoder.decode(part.value, { stream: true });
  }
}
