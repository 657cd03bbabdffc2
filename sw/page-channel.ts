/**
 * What pages say to the worker, and its answers. A page may be newer or older than the worker: what is not understood is
 * answered with `outdated`, never ignored in silence.
 */
import * as v from "valibot";
import type { Clock } from "#wire/client/live-clock.ts";
import type { EngineRecording } from "#wire/contract/engine-recording.ts";
import type { PageMessage, WorkerMessage } from "#wire/contract/worker-messages.ts";
import { PageMessageSchema, WORKER_PROTOCOL } from "#wire/contract/worker-messages.ts";
import type { LookAhead } from "./look-ahead.ts";
import type { Playheads } from "./playheads.ts";
import type { FeedPort, TraceFeed } from "./trace-feed.ts";
import type { TraceLog } from "./trace-log.ts";
import type { UnderWay } from "./under-way.ts";
import { within } from "./waiting.ts";

/** A panel that opens waits this long for the traces of earlier workers; without them it shows those of this one. */
const LOAD_DEADLINE_MS = 1_000;

/** A message and where its answer goes. */
export interface Incoming {
  readonly data: unknown;
  /** The port that came with it, if one did. */
  readonly port: MessagePort | undefined;
  /** The page itself, when it can be told. */
  readonly page: FeedPort | undefined;
}

export interface PageChannelPorts {
  readonly clock: Clock;
  readonly startedAtMs: number;
  readonly version: string;
  readonly traces: Pick<TraceLog, "load">;
  readonly feed: Pick<TraceFeed, "subscribe" | "unsubscribe">;
  readonly playheads: Pick<Playheads, "set">;
  readonly underWay: Pick<UnderWay, "abort">;
  /** What the engine is told, for the laboratory. */
  readonly record: () => Promise<void>;
  readonly recording: () => EngineRecording | undefined;
  readonly lookAhead: Pick<LookAhead, "left">;
  /** Takes control of pages that have no controller. */
  readonly claim: () => Promise<void>;
  /** Takes over from the worker before. */
  readonly activate: () => Promise<void>;
}

/** @returns what handles a message; it resolves when the message is dealt with */
export function pageChannel(ports: PageChannelPorts): (incoming: Incoming) => Promise<void> {
  const outdated: WorkerMessage = { kind: "outdated", protocol: WORKER_PROTOCOL };

  async function subscribe(port: MessagePort, session: string | null): Promise<void> {
    // The panel says goodbye on the port that it listens to.
    port.onmessage = ({ data }: MessageEvent<unknown>) => void handle({ data, port, page: undefined });
    await within(
      ports.traces.load().catch(() => undefined),
      LOAD_DEADLINE_MS,
      ports.clock,
    );
    ports.feed.subscribe(port, session);
  }

  async function act(message: PageMessage, incoming: Incoming): Promise<void> {
    switch (message.kind) {
      case "hello":
        answer(
          incoming,
          message.protocol === WORKER_PROTOCOL
            ? { kind: "hello", protocol: WORKER_PROTOCOL, version: ports.version, startedAtMs: ports.startedAtMs }
            : outdated,
        );
        return;
      case "claim":
        await ports.claim();
        return;
      case "activate":
        await ports.activate();
        return;
      case "abort":
        ports.underWay.abort(message.session, message.request);
        return;
      case "playhead":
        ports.playheads.set(message.session, message);
        return;
      case "left":
        ports.lookAhead.left(message.session);
        return;
      case "record":
        await ports.record();
        answer(incoming, { kind: "recording", recording: ports.recording() ?? null });
        return;
      case "recording":
        answer(incoming, { kind: "recording", recording: ports.recording() ?? null });
        return;
      case "subscribe":
        if (incoming.port !== undefined) await subscribe(incoming.port, message.session);
        return;
      case "unsubscribe":
        if (incoming.port !== undefined) ports.feed.unsubscribe(incoming.port);
        return;
    }
  }

  async function handle(incoming: Incoming): Promise<void> {
    const message = v.safeParse(PageMessageSchema, incoming.data);
    if (message.success) await act(message.output, incoming);
    else answer(incoming, outdated);
  }
  return handle;
}

function answer({ port, page }: Incoming, message: WorkerMessage): void {
  (port ?? page)?.postMessage(message);
}
