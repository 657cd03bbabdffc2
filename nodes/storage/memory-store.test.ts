import { expect, test } from "vitest";
import { MAX_REFERENCES_PER_CHUNK } from "#wire/contract/limits.ts";
import { chunkStoreContract, testChunk } from "./chunk-store.contract.ts";
import { createMemoryStore } from "./memory-store.ts";

chunkStoreContract("createMemoryStore()", async (capacityBytes) => createMemoryStore(capacityBytes));

test("createMemoryStore() refuses more references than the limit", async () => {
  const store = createMemoryStore(1_000_000);
  const { hash, bytes } = testChunk("one");
  for (let count = 0; count < MAX_REFERENCES_PER_CHUNK; count += 1) await store.put(hash, bytes, String(count));
  await expect(store.put(hash, bytes, "one more")).rejects.toMatchObject({ code: "conflict" });
  expect((await store.put(hash, bytes, "7")).references).toBe(MAX_REFERENCES_PER_CHUNK);
});
