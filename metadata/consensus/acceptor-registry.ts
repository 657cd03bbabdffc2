/**
 * The acceptors that were ever heard of, and whether they may vote. An acceptor is a node together with the incarnation of its
 * log: a wiped disk is another one. What they said of themselves is kept durably, as a server that forgets it would not notice
 * that a disk was put back while it was away.
 */
import * as v from "valibot";
import type { AcceptorReport } from "#core/consensus/put-back.ts";
import { isPutBack } from "#core/consensus/put-back.ts";
import type { NodeId } from "#core/ids.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import type { Heartbeat, HeartbeatAnswer } from "#wire/contract/cluster-api.ts";
import { CountSchema } from "#wire/contract/schemas.ts";
import type { Log } from "#wire/server/log.ts";
import type { Database } from "../database/open-database.ts";

/**
 * `new`: not asked yet, since this program started, what it remembers. `welcome`: it may be made a member. `foreign`: it votes
 * in groups, or epochs of them, that this catalogue does not know. `rolled-back`: it was put back, and has forgotten votes.
 */
export type AcceptorStanding = "new" | "welcome" | "foreign" | "rolled-back";

export interface AcceptorRegistry {
  /** A heartbeat came. The answer is what the node is told. */
  hear(heartbeat: Pick<Heartbeat, "nodeId" | "acceptor">): Promise<HeartbeatAnswer["acceptor"]>;
  /** `new` also for one that was never heard of. */
  standing(nodeId: string, incarnation: string): AcceptorStanding;
  /** How long it has been known to this start of the program, milliseconds; null when it was known before. */
  knownForMs(nodeId: string, incarnation: string): number | null;
  judge(nodeId: NodeId, incarnation: string, standing: "welcome" | "foreign"): void;
  /** Nodes that shall leave their groups, and get nothing new. */
  isDraining(nodeId: string): boolean;
  setDraining(nodeId: NodeId, isDraining: boolean): Promise<void>;
}

interface Known {
  readonly report: AcceptorReport;
  readonly standing: AcceptorStanding;
  readonly firstHeardMs: number | null;
}

const ReportSchema: v.GenericSchema<unknown, AcceptorReport> = v.object({
  incarnation: v.string(),
  starts: CountSchema,
  writes: CountSchema,
  // Older servers kept process ids: what they heard last is another program's.
  program: v.optional(v.string(), ""),
});

export interface AcceptorRegistryPorts {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
}

export async function openAcceptorRegistry({ db, clock, log }: AcceptorRegistryPorts): Promise<AcceptorRegistry> {
  const rows = await db.selectFrom("acceptors").selectAll().execute();
  const acceptors = new Map<string, Known>(
    rows.map((row) => {
      const report = v.parse(ReportSchema, JSON.parse(row.report_json));
      const standing = row.rolled_back === 1 ? "rolled-back" : "new";
      return [nameOf(row.node_id, row.incarnation), { report, standing, firstHeardMs: null }];
    }),
  );
  const drained = new Set((await db.selectFrom("drained_nodes").select("node_id").execute()).map((row) => row.node_id));
  const keep = async (nodeId: NodeId, known: Known) => {
    const { report, standing } = known;
    const row = {
      ...{ node_id: nodeId, incarnation: report.incarnation, report_json: JSON.stringify(report) },
      rolled_back: standing === "rolled-back" ? 1 : 0,
    };
    await db
      .insertInto("acceptors")
      .values(row)
      .onConflict((conflict) => conflict.columns(["node_id", "incarnation"]).doUpdateSet(row))
      .execute();
    acceptors.set(nameOf(nodeId, report.incarnation), known);
  };
  return {
    async hear({ nodeId, acceptor: report }) {
      const known = acceptors.get(nameOf(nodeId, report.incarnation));
      if (known === undefined) {
        log.info({ nodeId, incarnation: report.incarnation }, "Heard of a new acceptor");
        await keep(nodeId, { report, standing: "new", firstHeardMs: clock.nowMs() });
        return "ok";
      }
      if (known.standing === "rolled-back") return "rolled-back";
      if (isPutBack(known.report, report)) {
        log.error(
          { nodeId, before: known.report, now: report },
          "The disk of an acceptor was put back: it must not vote",
        );
        await keep(nodeId, { ...known, standing: "rolled-back" });
        return "rolled-back";
      }
      const { starts, writes } = known.report;
      if (report.starts > starts || report.writes > writes || report.program !== known.report.program) {
        await keep(nodeId, { ...known, report });
      }
      return "ok";
    },
    standing: (nodeId, incarnation) => acceptors.get(nameOf(nodeId, incarnation))?.standing ?? "new",
    knownForMs(nodeId, incarnation) {
      const firstHeardMs = acceptors.get(nameOf(nodeId, incarnation))?.firstHeardMs ?? null;
      return firstHeardMs === null ? null : clock.nowMs() - firstHeardMs;
    },
    judge(nodeId, incarnation, standing) {
      const name = nameOf(nodeId, incarnation);
      const known = acceptors.get(name);
      // Nothing makes a disk that was put back good again.
      if (known === undefined || known.standing === "rolled-back") return;
      acceptors.set(name, { ...known, standing });
    },
    isDraining: (nodeId) => drained.has(nodeId),
    async setDraining(nodeId, isDraining) {
      if (isDraining) {
        const row = { node_id: nodeId };
        await db
          .insertInto("drained_nodes")
          .values(row)
          .onConflict((conflict) => conflict.doNothing())
          .execute();
        drained.add(nodeId);
        return;
      }
      await db.deleteFrom("drained_nodes").where("node_id", "=", nodeId).execute();
      drained.delete(nodeId);
    },
  };
}

function nameOf(nodeId: string, incarnation: string): string {
  return `${nodeId} ${incarnation}`;
}
