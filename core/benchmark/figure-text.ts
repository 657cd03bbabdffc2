/** Figures for people: each with its unit, no more digits than mean anything. */
import type { Limit, Unit } from "./report.ts";

export function figureText(value: number, unit: Unit): string {
  switch (unit) {
    case "share":
      return `${(value * 100).toFixed(Math.abs(value) < 0.1 && value !== 0 ? 2 : 1)} %`;
    case "ms":
      return Math.abs(value) >= 10_000 ? `${(value / 1000).toFixed(1)} s` : `${value.toFixed(0)} ms`;
    case "seconds":
      return `${value.toFixed(1)} s`;
    case "count":
      return Number.isInteger(value) ? String(value) : value.toFixed(1);
    case "bytes-per-second":
      return `${((value * 8) / 1e6).toFixed(2)} Mbit/s`;
    case "bits-per-second":
      return `${(value / 1e6).toFixed(2)} Mbit/s`;
    case "ratio":
      return `${value.toFixed(2)} x`;
  }
}

export function limitText({ is, value }: Limit, unit: Unit): string {
  return `${is === "at-least" ? "at least" : "at most"} ${figureText(value, unit)}`;
}
