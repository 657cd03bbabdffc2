/** Reads a JSON body from Node's request itself: a body of some hundred bytes needs no Web stream around it. */
import type { IncomingMessage } from "node:http";
import type { Context } from "hono";
import type * as v from "valibot";
import { VStackError } from "#wire/contract/errors.ts";
import { parseJson, parseJsonBody } from "#wire/server/validated.ts";
import { type NodeEnv, socketOf } from "./node-env.ts";

/** Two megabytes at 2 Mbit/s; whoever is slower is gone, or might as well be. */
const BODY_DEADLINE_MS = 10_000;

/**
 * @throws VStackError `too-large` above `maxBytes`, `timeout` when the body does not come to its end, `aborted` when the asker
 *   went away, `bad-request` when it is no JSON or of another shape
 */
export async function receiveJson<Schema extends v.GenericSchema>(
  context: Context<NodeEnv>,
  schema: Schema,
  maxBytes: number,
): Promise<v.InferOutput<Schema>> {
  const { incoming } = socketOf(context);
  if (incoming === undefined) return await parseJsonBody(context, schema, maxBytes);
  return parseJson(schema, (await receiveBytes(incoming, maxBytes)).toString("utf8"), "body");
}

function receiveBytes(incoming: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let receivedBytes = 0;
    const onData = (part: Buffer) => {
      receivedBytes += part.length;
      if (receivedBytes <= maxBytes) parts.push(part);
      else fail(new VStackError("too-large", `Cannot read a body of more than ${maxBytes} bytes`));
    };
    const onEnd = () => {
      stop();
      resolve(Buffer.concat(parts));
    };
    const onClose = () => {
      fail(new VStackError("aborted", "Cannot read the body as the asker went away"));
    };
    const deadline = setTimeout(() => {
      fail(new VStackError("timeout", `Cannot read the body as it did not end within ${BODY_DEADLINE_MS} ms`));
    }, BODY_DEADLINE_MS);
    const stop = () => {
      clearTimeout(deadline);
      incoming.off("data", onData).off("end", onEnd).off("close", onClose).off("error", onClose);
    };
    const fail = (error: VStackError) => {
      stop();
      // What still comes is let go by: the connection must live on for the refusal.
      incoming.resume();
      reject(error);
    };
    incoming.on("data", onData).on("end", onEnd).on("close", onClose).on("error", onClose);
  });
}
