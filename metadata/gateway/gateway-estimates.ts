/** What the gateway believes about the nodes: in memory alone, as a server that starts measures anew within a second. */
import type { EstimateBook } from "#core/estimate/estimate-book.ts";
import { applyEvent, emptyBook } from "#core/estimate/estimate-book.ts";
import type { EstimateStore } from "#wire/exchange/segment-fetch.ts";

export function gatewayEstimates(): EstimateStore {
  let book: EstimateBook = emptyBook();
  return {
    read: () => book,
    apply(event) {
      book = applyEvent(book, event);
    },
  };
}
