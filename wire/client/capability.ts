/**
 * Makes and checks capabilities (wire/contract/capability.ts) with the cluster key by HMAC-SHA256 in Web Crypto, which
 * compares in constant time.
 */
import * as v from "valibot";
import type { CapabilityClaims } from "#wire/contract/capability.ts";
import { CapabilityClaimsSchema } from "#wire/contract/capability.ts";
import { VStackError } from "#wire/contract/errors.ts";
import { CAPABILITY_LIFETIME_MS, CLOCK_TOLERANCE_MS } from "#wire/contract/limits.ts";
import { fromBase64, fromBase64Url, toBase64Url } from "./digest.ts";

const MAX_CAPABILITY_CHARACTERS = 1024;
/** Shorter keys could be guessed; `up` makes 32 random bytes. */
const MIN_KEY_BYTES = 16;

/** Named by what makes it: the type `CryptoKey` is not global on every platform that we compile for. */
export type ClusterKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/**
 * Imports the cluster key from its text form, base64 of at least 16 bytes.
 *
 * @throws VStackError `bad-request` when the text is no such key
 */
export async function importClusterKey(text: string): Promise<ClusterKey> {
  const bytes = fromBase64(text.trim());
  if (bytes === undefined || bytes.length < MIN_KEY_BYTES) {
    throw new VStackError("bad-request", "Cannot use the cluster key as base64 of at least 16 bytes is wanted");
  }
  return await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
}

/** What to allow: the method, its subject, and how long. */
export interface Grant {
  readonly method: CapabilityClaims["method"];
  readonly subject: string;
  readonly nowMs: number;
  readonly lifetimeMs?: number;
}

/** Signs a capability. */
export async function mintCapability(key: ClusterKey, grant: Grant): Promise<string> {
  const claims: CapabilityClaims = {
    v: 1,
    method: grant.method,
    subject: grant.subject,
    expiresAtMs: Math.round(grant.nowMs + (grant.lifetimeMs ?? CAPABILITY_LIFETIME_MS)),
  };
  const payload = toBase64Url(new TextEncoder().encode(JSON.stringify(claims)));
  const mac = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(payload));
  return `${payload}.${toBase64Url(new Uint8Array(mac))}`;
}

/**
 * Checks that a capability allows `method` on `subject` now.
 *
 * @param text from the query or the Authorization header; undefined when there was none
 * @returns what it says
 * @throws VStackError `unauthorized` when there is none or it is not ours or over, `forbidden` when it allows another thing
 */
export async function checkCapability(
  key: ClusterKey | CapabilityReader,
  text: string | undefined,
  wanted: { method: CapabilityClaims["method"]; subject: string; nowMs: number },
): Promise<CapabilityClaims> {
  const read = typeof key === "function" ? key : (given: string) => readClaims(key, given);
  if (text === undefined || text === "") {
    throw new VStackError(
      "unauthorized",
      `Cannot ${wanted.method} as no capability was given: see "vstack token --help"`,
    );
  }
  const claims = await read(text);
  if (claims === undefined) {
    throw new VStackError(
      "unauthorized",
      `Cannot ${wanted.method} as the capability was not made with this cluster's key`,
    );
  }
  if (isOver(claims, wanted.nowMs)) {
    throw new VStackError("unauthorized", `Cannot ${wanted.method} as the capability is over: ask for a new one`);
  }
  if (claims.method !== wanted.method || claims.subject !== wanted.subject) {
    throw new VStackError(
      "forbidden",
      `Cannot ${wanted.method} "${wanted.subject}" as the capability allows ${claims.method} "${claims.subject}"`,
    );
  }
  return claims;
}

/** What a capability says; undefined when it is not ours. Whether it is over is for the caller to look at. */
export type CapabilityReader = (text: string) => Promise<CapabilityClaims | undefined>;

/** Capabilities that are remembered: of a few proposers and of the videos that they store at the same time. */
const MAX_REMEMBERED = 256;

/** Reads capabilities that are given again and again: a good one is verified once. */
export function rememberingReader(key: ClusterKey): CapabilityReader {
  const known = new Map<string, CapabilityClaims>();
  return async (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const claims = await readClaims(key, text);
    if (claims === undefined) return undefined;
    known.set(text, claims);
    const [oldest] = known.keys();
    if (known.size > MAX_REMEMBERED && oldest !== undefined) known.delete(oldest);
    return claims;
  };
}

/** Whether a capability is over, as clocks of several machines allow to say. */
export function isOver({ expiresAtMs }: CapabilityClaims, nowMs: number): boolean {
  return nowMs > expiresAtMs + CLOCK_TOLERANCE_MS;
}

async function readClaims(key: ClusterKey, text: string): Promise<CapabilityClaims | undefined> {
  if (text.length > MAX_CAPABILITY_CHARACTERS) return undefined;
  const [payload, mac, ...rest] = text.split(".");
  if (payload === undefined || mac === undefined || rest.length > 0) return undefined;
  const macBytes = fromBase64Url(mac);
  const payloadBytes = fromBase64Url(payload);
  if (macBytes === undefined || payloadBytes === undefined) return undefined;
  if (!(await crypto.subtle.verify("HMAC", key, macBytes, new TextEncoder().encode(payload)))) return undefined;
  try {
    const claims = v.safeParse(CapabilityClaimsSchema, JSON.parse(new TextDecoder().decode(payloadBytes)));
    return claims.success ? claims.output : undefined;
  } catch {
    return undefined;
  }
}
