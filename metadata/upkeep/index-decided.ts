/**
 * The catalogue follows the register: a record that was decided and not indexed, because the program stopped in between, is
 * indexed now.
 */
import * as v from "valibot";
import type { Position } from "#core/placement/position.ts";
import type { ErasureCodec } from "#wire/client/erasure-codec.ts";
import { MetaChunkSchema } from "#wire/contract/catalog-api.ts";
import type { CatalogStore } from "../catalog/catalog-store.ts";
import type { PlacementRegister } from "../placement/placement-register.ts";
import { blockListOf } from "../redundancy/coded-blocks.ts";
import type { ReadChunkPorts } from "../redundancy/read-chunk.ts";
import { readChunk } from "../redundancy/read-chunk.ts";

export interface IndexDecidedPorts extends ReadChunkPorts {
  readonly catalog: CatalogStore;
  readonly register: PlacementRegister;
  readonly codec: Pick<ErasureCodec, "encode" | "rebuild">;
}

/** @throws VStackError `unavailable` when bytes or form changed and the holders cannot be read */
export async function indexDecided(position: Position, ports: IndexDecidedPorts, signal: AbortSignal): Promise<void> {
  const { catalog, register, codec } = ports;
  const record = await register.read(position);
  const indexed = await catalog.entry(position);
  if (record === undefined || (indexed !== undefined && indexed.record.version >= record.version)) return;
  const durationSeconds = indexed?.durationSeconds ?? 0;
  if (indexed?.record.hash === record.hash && indexed.record.blocksDigest === record.blocksDigest) {
    await catalog.putChunk({ position, durationSeconds, record, blocks: indexed.blocks });
    return;
  }
  const bytes = await readChunk({ record, list: null }, ports, signal);
  const { blocks } = await blockListOf(bytes, record, codec);
  const chunk = { position, durationSeconds, record, blocks };
  if (position.slot !== "meta") {
    await catalog.putChunk(chunk);
    return;
  }
  const { title } = v.parse(MetaChunkSchema, JSON.parse(new TextDecoder().decode(bytes)));
  await catalog.renameVideo(position.videoId, title, chunk);
}
