/**
 * How long dead nodes have been away, kept over restarts: else each restart of this program would make repair wait for them
 * once more. It is the time in which this program looked and they were silent; while it did not run, it can blame nobody.
 */
import * as v from "valibot";
import type { NodeId } from "#core/ids.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import { NodeIdSchema } from "#wire/contract/schemas.ts";
import type { Database } from "../database/open-database.ts";

/** What is lost of that time when the program is killed. */
const KEEP_EVERY_MS = 5000;

export type AwayMs = ReadonlyMap<NodeId, number>;

export async function recallAway(db: Database): Promise<AwayMs> {
  const rows = await db.selectFrom("nodes_away").selectAll().execute();
  return new Map(rows.map(({ node_id, away_ms }) => [v.parse(NodeIdSchema, node_id), away_ms]));
}

export class AwayKeeper {
  readonly #ports: { readonly db: Database; readonly clock: Clock; readonly away: () => AwayMs };
  #keptAtMs = -Infinity;
  #hasKept = true;

  constructor(ports: { readonly db: Database; readonly clock: Clock; readonly away: () => AwayMs }) {
    this.#ports = ports;
  }

  /** Writes it down, now and then; call it often. */
  async keep(): Promise<void> {
    const { db, clock, away } = this.#ports;
    if (clock.nowMs() - this.#keptAtMs < KEEP_EVERY_MS) return;
    this.#keptAtMs = clock.nowMs();
    const rows = [...away()].map(([node_id, away_ms]) => ({ node_id, away_ms: Math.round(away_ms) }));
    if (rows.length === 0 && !this.#hasKept) return;
    await db.transaction().execute(async (within) => {
      await within.deleteFrom("nodes_away").execute();
      if (rows.length > 0) await within.insertInto("nodes_away").values(rows).execute();
    });
    this.#hasKept = rows.length > 0;
  }
}
