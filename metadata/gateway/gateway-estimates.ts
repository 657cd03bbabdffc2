/** What the gateway believes about the nodes: in memory alone, as a server that starts measures anew within a second. */
import { emptyBook, learn, ownBook } from "#core/estimate/estimate-book.ts";
import type { EstimateStore } from "#wire/exchange/segment-fetch.ts";

export function gatewayEstimates(): EstimateStore {
  const book = ownBook(emptyBook());
  return { read: () => book, apply: (event) => learn(book, event) };
}
