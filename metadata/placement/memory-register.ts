/** The placement register in memory, for tests. */
import type { Position } from "#core/placement/position.ts";
import { parsePosition, positionText } from "#core/placement/position.ts";
import type { ChunkRecord } from "#core/placement/record.ts";
import type { Placement, PlacementRegister } from "./placement-register.ts";
import { requireNextVersion, sameRecord } from "./placement-register.ts";

export function memoryRegister(): PlacementRegister {
  /** Null: emptied for good. */
  const records = new Map<string, ChunkRecord | null>();
  const read = (position: Position) => Promise.resolve(records.get(positionText(position)) ?? undefined);
  const empty = (text: string) => {
    if (records.has(text)) records.set(text, null);
  };
  return {
    async propose(position, record, expectedVersion) {
      requireNextVersion(record, expectedVersion);
      const held = records.get(positionText(position));
      if (held === null) return { outcome: "conflict", record: null };
      if (held !== undefined && sameRecord(held, record)) return { outcome: "chosen", record: held };
      if ((held?.version ?? null) !== expectedVersion) return { outcome: "conflict", record: held ?? null };
      records.set(positionText(position), record);
      return { outcome: "chosen", record };
    },
    ...{ read, known: read },
    isOver: (position) => Promise.resolve(records.get(positionText(position)) === null),
    async listByVideo(videoId, after, limit) {
      const texts = [...records.keys()].filter((text) => text.startsWith(`${videoId}/`) && text > after).sort();
      const placements = texts.flatMap((text): Placement[] => {
        const position = parsePosition(text);
        const record = records.get(text);
        return position === undefined || record === undefined || record === null ? [] : [{ position, record }];
      });
      return placements.slice(0, limit);
    },
    canChange: () => Promise.resolve(true),
    async remove(positions) {
      for (const position of positions) empty(positionText(position));
    },
    async removeByVideo(videoId) {
      for (const text of records.keys()) if (text.startsWith(`${videoId}/`)) empty(text);
    },
  };
}
