/**
 * What a form costs in the simulation of policies, all in byte-days: keeping one byte for a day is 1. Prices are assumptions,
 * not measurements; they are printed with every result, and decide how much readings weigh against space.
 */
import type { ErasureScheme, Form } from "../../redundancy/form.ts";
import { keptPerByte, REPLICATION } from "../../redundancy/form.ts";

/**
 * Serving one byte from shards alone rather than from three replicas: three requests for one, no choice among copies, and a
 * decode while a node is away. At 0.25, three copies are worth their 1.33 bytes more from 5.3 readings a day on, which a
 * short half-life of a day shows as a demand of 8.
 */
export const READ_PRICE = 0.25;
/** Moving one byte from node to node. */
export const MOVE_PRICE = 0.1;

/** How much of {@link READ_PRICE} a byte costs, by the number of whole copies that readers can choose from. */
const SHARE_BY_COPIES = [1, 0.3, 0.1, 0];

/** Between the forms of which the best choice is made afterwards. */
export const FORMS: readonly Form[] = [
  REPLICATION,
  { kind: "erasure", replicas: 0 },
  { kind: "erasure", replicas: 1 },
  { kind: "erasure", replicas: 2 },
];

/** Of one byte, in byte-days. */
export function keepingPrice(form: Form, scheme: ErasureScheme, days: number): number {
  return keptPerByte(form, scheme) * days;
}

/** Of one byte that is served. */
export function readingPrice({ replicas }: Form): number {
  return READ_PRICE * (SHARE_BY_COPIES[replicas] ?? 0);
}

/**
 * Bytes that go over the network for each byte of the chunk: it is read once, unless only copies are dropped, and every
 * piece that is new is written.
 */
export function movedPerByte(from: Form, to: Form, scheme: ErasureScheme): number {
  const shards = to.kind === "erasure" && from.kind === "replication" ? keptPerByte({ ...to, replicas: 0 }, scheme) : 0;
  const copies = Math.max(0, to.replicas - from.replicas);
  return shards + copies === 0 ? 0 : 1 + shards + copies;
}
