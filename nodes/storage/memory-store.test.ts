import { expect, test } from "vitest";
import { MAX_REFERENCES_PER_CHUNK } from "#wire/contract/limits.ts";
import { chunkStoreContract, putChunk, testChunk } from "./chunk-store.contract.ts";
import { createMemoryStore } from "./memory-store.ts";

chunkStoreContract("createMemoryStore()", async (capacityBytes) => createMemoryStore(capacityBytes));

test("createMemoryStore() refuses more references than the limit", async () => {
  const store = createMemoryStore(1_000_000);
  const one = testChunk("one");
  for (let count = 0; count < MAX_REFERENCES_PER_CHUNK; count += 1) await putChunk(store, one, String(count));
  await expect(putChunk(store, one, "one more")).rejects.toMatchObject({ code: "conflict" });
  expect((await putChunk(store, one, "7")).references).toBe(MAX_REFERENCES_PER_CHUNK);
});
