/** The version of this program, as package.json has it (version.test.ts holds them together). */
export const VERSION = "0.1.0";
