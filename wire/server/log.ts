/** Structured logs: one JSON object a line on standard error, so that standard output stays for answers. */
import { pino } from "pino";

/** What rooms may do with a log; pino is behind it. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export const LOG_LEVELS = ["silent", "error", "warn", "info", "debug"] as const;

/** @param role `node` or `metadata`; stands in every line with the id */
export function createLog(role: string, id: string, level: (typeof LOG_LEVELS)[number]): Log {
  return pino({ level, base: { role, id }, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination(2));
}

/** For tests that do not look at the log. */
export const silentLog: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
