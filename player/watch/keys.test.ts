import { expect, test } from "vitest";
import { keyAction, nextSpeed } from "./keys.ts";

const press = (key: string, focus: "page" | "text" | "choice" | "control" = "page") =>
  keyAction({ key, hasModifier: false, focus });

test("keyAction() leaves every key to a text field, and every shortcut of the browser alone", () => {
  expect(["k", " ", "5", "ArrowLeft", "d"].map((key) => press(key, "text"))).toEqual(Array(5).fill(undefined));
  expect(keyAction({ key: "f", hasModifier: true, focus: "page" })).toBeUndefined();
});

test("keyAction() leaves the space to a focused button, and arrows and digits to a slider or a radio", () => {
  expect(press(" ", "control")).toBeUndefined();
  expect(press(" ")).toEqual({ do: "toggle-play" });
  expect(press("ArrowLeft", "choice")).toBeUndefined();
  expect(press("5", "choice")).toBeUndefined();
  expect(press("ArrowLeft", "control")).toEqual({ do: "seek-by", seconds: -5 });
});

test("keyAction() takes letters in both cases", () => {
  expect(press("N")).toEqual({ do: "toggle-stats" });
  expect(press("d")).toEqual({ do: "toggle-devtools" });
});

test("keyAction() turns digits into tenths of the video", () => {
  expect(press("0")).toEqual({ do: "seek-to-tenth", tenth: 0 });
  expect(press("9")).toEqual({ do: "seek-to-tenth", tenth: 9 });
});

test("nextSpeed() steps through the list and stays at its ends", () => {
  expect([nextSpeed(1, 1), nextSpeed(1, -1), nextSpeed(2, 1), nextSpeed(0.5, -1), nextSpeed(1.1, 1)]).toEqual([
    ...[1.25, 0.75, 2, 0.5, 1.25],
  ]);
});
