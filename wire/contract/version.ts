/** The product's version, as package.json has it (a test compares them): health, the worker's handshake and the CLI say it. */
export const VERSION = "0.1.0";
