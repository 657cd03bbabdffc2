/**
 * A kept stream of messages: `POST /consensus/stream`, whose body and answer are frames for as long as both sides like. What
 * costs a request costs a line here, so that many small messages to one server are cheap. Each frame is answered for itself,
 * in any order.
 *
 *     17 {"config":{"group":3,...},"entries":[...]}     a message: its number, the body of a request of its own
 *     17 200 {"say":"answered","replies":[...]}         its answer: the status and the body of that request's answer
 *
 * A frame is a line of UTF-8; JSON writes no line feed. The request carries a capability, as single requests do, and ends
 * when that is over; whoever wants to go on opens another one.
 */

/** Of both directions. */
export const FRAMES_MEDIA_TYPE = "application/vnd.vstack.frames";
/** Messages without an answer on one stream; the sender sends no more, the other side reads no more. */
export const MAX_STREAM_MESSAGES = 256;
/** A stream on which nothing was said for so long is closed: its other end may be gone. */
export const STREAM_IDLE_MS = 65_000;

export interface MessageFrame {
  readonly id: number;
  readonly text: string;
}

export interface AnswerFrame extends MessageFrame {
  /** As of an answer of HTTP. */
  readonly status: number;
}

const MESSAGE = /^(0|[1-9][0-9]{0,15}) /;
const ANSWER = /^(0|[1-9][0-9]{0,15}) ([1-5][0-9]{2}) /;

/** @param text without a line feed */
export function messageLine({ id, text }: MessageFrame): string {
  return `${id} ${text}\n`;
}

/** @param text without a line feed */
export function answerLine({ id, status, text }: AnswerFrame): string {
  return `${id} ${status} ${text}\n`;
}

/** @param line without its line feed; undefined when it is no message */
export function readMessageLine(line: string): MessageFrame | undefined {
  const [head, id] = MESSAGE.exec(line) ?? [];
  return head === undefined ? undefined : { id: Number(id), text: line.slice(head.length) };
}

/** @param line without its line feed; undefined when it is no answer */
export function readAnswerLine(line: string): AnswerFrame | undefined {
  const [head, id, status] = ANSWER.exec(line) ?? [];
  return head === undefined ? undefined : { id: Number(id), status: Number(status), text: line.slice(head.length) };
}
