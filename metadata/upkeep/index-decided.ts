/**
 * The catalogue follows the register: a record that was decided and not indexed, because the program stopped in between, is
 * indexed now.
 */
import * as v from "valibot";
import type { Position } from "#core/placement/position.ts";
import { makeBlockList } from "#wire/client/block-list.ts";
import { MetaChunkSchema } from "#wire/contract/catalog-api.ts";
import { readReplica } from "./read-replica.ts";
import type { UpkeepPorts } from "./upkeep-ports.ts";

/** @throws VStackError `unavailable` when the bytes changed and no holder can be read */
export async function indexDecided(
  position: Position,
  ports: Pick<UpkeepPorts, "catalog" | "register" | "nodeUrls" | "fetch">,
  signal: AbortSignal,
): Promise<void> {
  const { catalog, register } = ports;
  const record = await register.read(position);
  const indexed = await catalog.entry(position);
  if (record === undefined || (indexed !== undefined && indexed.record.version >= record.version)) return;
  const durationSeconds = indexed?.durationSeconds ?? 0;
  if (indexed?.record.hash === record.hash) {
    await catalog.putChunk({ position, durationSeconds, record, blocks: indexed.blocks });
    return;
  }
  const bytes = await readReplica(record, ports, signal);
  const { blocks } = await makeBlockList(bytes, record.blockSizeBytes);
  const chunk = { position, durationSeconds, record, blocks };
  if (position.slot !== "meta") {
    await catalog.putChunk(chunk);
    return;
  }
  const { title } = v.parse(MetaChunkSchema, JSON.parse(new TextDecoder().decode(bytes)));
  await catalog.renameVideo(position.videoId, title, chunk);
}
