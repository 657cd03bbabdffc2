import { expect, test } from "vitest";
import { absenceText } from "./worker-absence.ts";

test("absenceText() names an address that works for an insecure origin", () => {
  const text = absenceText({ because: "insecure" }, "http://192.168.0.7:8080");
  expect(text.why).toContain("http://192.168.0.7:8080");
  expect(text.remedy).toContain("http://localhost:8080");
});

test("absenceText() leaves the port out where the origin has none", () => {
  expect(absenceText({ because: "insecure" }, "http://video.lan").remedy).toContain("http://localhost on");
});

test.each(["unsupported", "refused", "no-control"] as const)(
  "absenceText() says why and what helps for %s",
  (because) => {
    const text = absenceText({ because, detail: "The script has an error." }, "https://v.example");
    expect(text.why).toMatch(/\w\.$/);
    expect(text.why).not.toContain("..");
    expect(text.remedy.length).toBeGreaterThan(20);
  },
);
