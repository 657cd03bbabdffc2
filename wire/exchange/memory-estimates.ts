/**
 * What a program believes about the nodes, in memory alone: for those that live as long as they are needed, or that measure
 * anew within a second of their start (gateway, `vstack get`, virtual players).
 */
import { emptyBook, learn, ownBook } from "#core/estimate/estimate-book.ts";
import type { EstimateStore } from "./segment-fetch.ts";

export function memoryEstimates(): EstimateStore {
  const book = ownBook(emptyBook());
  return { read: () => book, apply: (event) => learn(book, event) };
}
