/** Names that never repeat: sessions, requests, viewings. */
import { toHex } from "#wire/client/digest.ts";

/** 128 random bits, 32 hexadecimal digits. Not crypto.randomUUID(): that is missing on insecure origins, where we play too. */
export function randomName(): string {
  return toHex(crypto.getRandomValues(new Uint8Array(16)));
}
