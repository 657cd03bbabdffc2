import { expect, test } from "vitest";
import { bodyLengthFault } from "./body-length.ts";

test("bodyLengthFault() catches a body shorter than its Content-Length", () => {
  const fault = bodyLengthFault({ receivedBytes: 1000, contentLength: "5000", deliveredBytes: undefined });
  expect(fault).toBe("Cannot use the segment as it should have 5000 bytes: 1000 came");
});

test("bodyLengthFault() catches a body shorter than what the worker delivered", () => {
  expect(bodyLengthFault({ receivedBytes: 9, contentLength: null, deliveredBytes: 10 })).toContain("10 bytes: 9");
  expect(bodyLengthFault({ receivedBytes: 9, contentLength: "9", deliveredBytes: 10 })).toContain("10 bytes: 9");
});

test("bodyLengthFault() catches a body that is too long", () => {
  expect(bodyLengthFault({ receivedBytes: 11, contentLength: "10", deliveredBytes: 10 })).toBeDefined();
});

test.each([
  { receivedBytes: 10, contentLength: "10", deliveredBytes: 10 },
  { receivedBytes: 0, contentLength: "0", deliveredBytes: undefined },
  { receivedBytes: 10, contentLength: null, deliveredBytes: undefined },
  { receivedBytes: 10, contentLength: "ten", deliveredBytes: undefined },
])("bodyLengthFault() finds nothing wrong with %o", (length) => {
  expect(bodyLengthFault(length)).toBeUndefined();
});
