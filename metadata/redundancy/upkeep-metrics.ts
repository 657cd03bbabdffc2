/** What upkeep did and has still to do, for Prometheus. Names and meanings: docs/metrics.md. */
import type { Registry } from "prom-client";
import { Counter, Gauge } from "prom-client";
import type { CatalogStore } from "../catalog/catalog-store.ts";
import type { ChangeBoard } from "./change-board.ts";
import type { ChangeKind } from "./plan-store.ts";
import { CHANGE_KINDS } from "./plan-store.ts";

export interface UpkeepMetricsPorts {
  readonly registry: Registry;
  readonly board: ChangeBoard;
  readonly catalog: Pick<CatalogStore, "countAtRisk">;
  /** Orders of repair that wait. */
  readonly repairsWaiting: () => number;
}

export function upkeepMetrics({ registry, board, catalog, repairsWaiting }: UpkeepMetricsPorts): void {
  const registers = [registry];
  const labelNames = ["kind"] as const;
  const ofKinds = (name: string, help: string, of: (kind: ChangeKind) => number) => {
    const counter = new Counter({
      ...{ name, help, registers, labelNames },
      collect() {
        counter.reset();
        for (const kind of CHANGE_KINDS) counter.inc({ kind }, of(kind));
      },
    });
  };
  ofKinds("vstack_changed_chunks_total", "Chunks that were changed", (kind) => board.totals.get(kind)?.changes ?? 0);
  ofKinds("vstack_changed_bytes_total", "Bytes written to change them", (kind) => board.totals.get(kind)?.bytes ?? 0);
  new Gauge({
    name: "vstack_chunks_at_risk_count",
    help: "Chunks whose record names fewer holders than wanted",
    registers,
    async collect() {
      this.set(await catalog.countAtRisk(null));
    },
  });
  new Gauge({
    name: "vstack_repairs_waiting_count",
    help: "Chunks that wait for their repair",
    registers,
    collect() {
      this.set(repairsWaiting());
    },
  });
}
