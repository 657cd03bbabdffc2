/** The placement register in memory, for tests. */
import { parsePosition, positionText } from "#core/placement/position.ts";
import type { ChunkRecord } from "#core/placement/record.ts";
import type { Placement, PlacementRegister } from "./placement-register.ts";
import { requireNextVersion, sameRecord } from "./placement-register.ts";

export function memoryRegister(): PlacementRegister {
  const records = new Map<string, ChunkRecord>();
  return {
    async propose(position, record, expectedVersion) {
      requireNextVersion(record, expectedVersion);
      const held = records.get(positionText(position));
      if (held !== undefined && sameRecord(held, record)) return { outcome: "chosen", record: held };
      if ((held?.version ?? null) !== expectedVersion) return { outcome: "conflict", record: held ?? null };
      records.set(positionText(position), record);
      return { outcome: "chosen", record };
    },
    async read(position) {
      return records.get(positionText(position));
    },
    async listByVideo(videoId, after, limit) {
      const texts = [...records.keys()].filter((text) => text.startsWith(`${videoId}/`) && text > after).sort();
      return texts.slice(0, limit).flatMap((text): Placement[] => {
        const position = parsePosition(text);
        const record = records.get(text);
        return position === undefined || record === undefined ? [] : [{ position, record }];
      });
    },
    async removeByVideo(videoId) {
      for (const text of records.keys()) if (text.startsWith(`${videoId}/`)) records.delete(text);
    },
  };
}
