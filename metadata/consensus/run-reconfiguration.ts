/** Drives one change of members (core/consensus/reconfiguration.ts) against acceptors and the config master. */
import type { GroupConfig, Member } from "#core/consensus/group.ts";
import type {
  Asked,
  Reconfiguration,
  ReconfigurationCommand,
  ReconfigurationEvent,
  ReconfigurationStep,
} from "#core/consensus/reconfiguration.ts";
import { beginReconfiguration, onReconfigurationEvent } from "#core/consensus/reconfiguration.ts";
import { SOUND } from "#core/consensus/rules.ts";
import type { ChunkRecord } from "#core/placement/record.ts";
import type { AcceptorTarget, Asking } from "#wire/client/acceptor-client.ts";
import { askEntries, askSeal } from "#wire/client/acceptor-client.ts";
import type { FetchPort } from "#wire/client/http.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import type { ConfigMaster } from "./config-master.ts";

/** A page of half a megabyte, written and flushed. */
const PAGE_DEADLINE_MS = 5000;

export interface ReconfigurationPorts {
  readonly master: Pick<ConfigMaster, "activate">;
  /** This start of the program. */
  readonly coordinator: string;
  readonly targetOf: (nodeId: string) => AcceptorTarget | undefined;
  readonly mint: Asking["mint"];
  readonly clock: Clock;
  readonly fetch: FetchPort;
}

export interface ReconfigurationReport {
  /** `active`: the new members vote. `failed`: they do not, and the old ones may have been sealed: it has to be tried again. */
  readonly outcome: "active" | "failed";
  /** Positions that were carried over. */
  readonly keys: number;
}

type Command = ReconfigurationCommand<ChunkRecord>;
type Event = ReconfigurationEvent<ChunkRecord>;

/**
 * @param change `to` has an epoch that the master gave out for this attempt alone
 * @param onActive is called as soon as the new members vote; some of them may still be taking over
 */
export async function runReconfiguration(
  change: { readonly from: GroupConfig; readonly to: GroupConfig },
  { ports, signal, onActive }: { ports: ReconfigurationPorts; signal: AbortSignal; onActive: () => void },
): Promise<ReconfigurationReport> {
  let activated: Promise<boolean> = Promise.resolve(false);
  const activate = async () => {
    const isActive = await ports.master.activate(change.to);
    if (isActive) onActive();
    return isActive;
  };
  const last = await new Promise<Reconfiguration<ChunkRecord>>((resolve) => {
    let state: Reconfiguration<ChunkRecord>;
    const act = (step: ReconfigurationStep<ChunkRecord>) => {
      state = step.state;
      for (const command of step.commands) {
        if (command.do === "activate") activated = activate();
        else if (command.do === "finish") resolve(state);
        else {
          void carryOut(command, { ports, signal, group: change.from.group }).then((event) => {
            // Stopped: the next start takes over with an epoch of its own.
            if (signal.aborted) resolve(state);
            else act(onReconfigurationEvent(state, event, SOUND));
          });
        }
      }
    };
    act(beginReconfiguration<ChunkRecord>(change.from, change.to, ports.coordinator));
  });
  return { outcome: (await activated) ? "active" : "failed", keys: last.keys.length };
}

async function carryOut(
  command: Exclude<Command, { do: "activate" | "finish" }>,
  { ports, signal, group }: { ports: ReconfigurationPorts; signal: AbortSignal; group: number },
): Promise<Event> {
  if (command.do === "wake") {
    await ports.clock.sleep(command.afterMs, signal);
    return { saw: "wake", member: command.member, to: command.to };
  }
  const from = command.to.nodeId;
  const to: Asked = command.do;
  const target = ports.targetOf(from);
  if (target === undefined) return { saw: "lost", from, to };
  const asking = { mint: ports.mint, fetch: ports.fetch, signal, deadlineMs: PAGE_DEADLINE_MS };
  try {
    return command.do === "seal"
      ? await seal(command, group, { target, asking, from })
      : await install(command, { target, asking, from });
  } catch {
    return { saw: "lost", from, to };
  }
}

interface Addressed {
  readonly target: AcceptorTarget;
  readonly asking: Asking;
  readonly from: Member["nodeId"];
}

async function seal(
  { to, toEpoch, after, limit }: Extract<Command, { do: "seal" }>,
  group: number,
  { target, asking, from }: Addressed,
): Promise<Event> {
  const request = { group, toEpoch, incarnation: to.incarnation, after, limit };
  const answer = await askSeal(target, request, asking);
  if (answer.say !== "page") return { saw: "refusal", from, to: "seal", refusal: answer };
  return { saw: "page", from, states: answer.states, isLast: answer.isLast };
}

async function install(
  { to, config, entries }: Extract<Command, { do: "install" }>,
  { target, asking, from }: Addressed,
): Promise<Event> {
  const request = { config, incarnation: to.incarnation, entries, grants: [] };
  const answer = await askEntries(target, request, asking);
  if (answer.say !== "answered") return { saw: "refusal", from, to: "install", refusal: answer };
  return { saw: "replies", from, replies: answer.replies };
}
