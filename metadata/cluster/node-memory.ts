/** The nodes that were known when the program last ran, so that a restart does not empty the manifests for a second. */
import * as v from "valibot";
import type { Heartbeat } from "#wire/contract/cluster-api.ts";
import { HeartbeatSchema } from "#wire/contract/cluster-api.ts";
import type { Database } from "../database/open-database.ts";

export interface NodeMemory {
  recall(): Promise<Heartbeat[]>;
  /** Replaces what was remembered. */
  remember(heartbeats: readonly Heartbeat[]): Promise<void>;
}

export function sqliteNodeMemory(db: Database): NodeMemory {
  return {
    async recall() {
      const rows = await db.selectFrom("nodes").select("heartbeat_json").orderBy("node_id").execute();
      return rows.flatMap((row) => {
        // A row of an older version that no longer fits is forgotten: the node will speak for itself.
        const heartbeat = v.safeParse(HeartbeatSchema, JSON.parse(row.heartbeat_json));
        return heartbeat.success ? [heartbeat.output] : [];
      });
    },
    async remember(heartbeats) {
      const rows = heartbeats.map((heartbeat) => ({
        node_id: heartbeat.nodeId,
        heartbeat_json: JSON.stringify(heartbeat),
      }));
      await db.transaction().execute(async (within) => {
        await within.deleteFrom("nodes").execute();
        if (rows.length > 0) await within.insertInto("nodes").values(rows).execute();
      });
    },
  };
}
