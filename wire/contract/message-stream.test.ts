import { describe, expect, test } from "vitest";
import { answerLine, messageLine, readAnswerLine, readMessageLine } from "./message-stream.ts";

describe("lines of a stream", () => {
  test("are read as they were written", () => {
    const message = { id: 17, text: '{"a":"b c"}' };
    const answer = { id: 0, status: 503, text: "{}" };
    expect(messageLine(message)).toBe('17 {"a":"b c"}\n');
    expect(readMessageLine(messageLine(message).slice(0, -1))).toEqual(message);
    expect(readAnswerLine(answerLine(answer).slice(0, -1))).toEqual(answer);
  });

  test.each(["", "{}", "-1 {}", "01 {}", "1.5 {}", "x 200 {}", "12345678901234567890 {}"])(
    "are none without a number: %j",
    (line) => {
      expect(readMessageLine(line)).toBeUndefined();
      expect(readAnswerLine(line)).toBeUndefined();
    },
  );

  test("are no answers without a status", () => {
    for (const line of ["1 {}", "1 99 {}", "1 600 {}"]) expect(readAnswerLine(line)).toBeUndefined();
  });
});
