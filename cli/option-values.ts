/** What several commands' options share: how their values are read, and the options themselves. */
import { InvalidArgumentError, Option } from "commander";

export const DEFAULT_URL = "http://127.0.0.1:8080";

export function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^[0-9]+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
  };
}

export function parsedBy<T>(parse: (text: string) => T | undefined, expected: string): (text: string) => T {
  return (text) => {
    const value = parse(text);
    if (value !== undefined) return value;
    throw new InvalidArgumentError(`Expected ${expected}.`);
  };
}

export function clusterUrl(text: string): string | undefined {
  return URL.canParse(text) && /^https?:/.test(text) ? text.replace(/\/+$/, "") : undefined;
}

export const urlOption = () =>
  new Option("--url <address>", "the cluster")
    .env("VSTACK_URL")
    .default(DEFAULT_URL)
    .argParser(parsedBy(clusterUrl, "an http address"));
export const jsonOption = () => new Option("--json", "one line of JSON for programs").default(false);
