/** Errors of the operating system, told apart by their code. */

/** Whether an error of the system has one of these codes, for example `ENOENT`. */
export function hasErrorCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && "code" in error && typeof error.code === "string" && codes.includes(error.code);
}
