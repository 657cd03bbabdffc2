/** Both sides under the same load, slice by slice in turns: what else the machine does meets both. */
import { quantile } from "#core/benchmark/statistics.ts";
import type { Random } from "#core/random.ts";
import { deadlineSignal } from "#wire/client/deadline.ts";
import { errorCode } from "#wire/contract/errors.ts";
import type { Bundling, NewRegister, RegisterSide } from "./register-side.ts";

export interface Load {
  readonly clients: number;
  /** Registers that one client makes at once. */
  readonly batch: number;
  /** How ours are put into messages; etcd's client makes one transaction of what one client makes at once. */
  readonly bundling: Bundling;
}

export interface Slice {
  readonly operations: number;
  readonly failures: number;
  readonly registersPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface Sides {
  readonly ours: RegisterSide;
  readonly theirs: RegisterSide | null;
}

export interface Round {
  readonly ours: Slice;
  readonly theirs: Slice | null;
}

export interface Measuring {
  readonly sides: Sides;
  readonly rounds: number;
  readonly sliceMs: number;
  readonly registers: (count: number) => NewRegister[];
  /** Decides who begins a round. */
  readonly random: Random;
  readonly signal: AbortSignal;
}

/** A round that is not counted, then as many as are asked for. */
export async function measure(load: Load, measuring: Measuring): Promise<Round[]> {
  const { sides, rounds, random, signal } = measuring;
  const measured: Round[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    signal.throwIfAborted();
    const isOursFirst = random() < 0.5;
    const before = isOursFirst || sides.theirs === null ? null : await slice(sides.theirs, load, measuring);
    const ours = await slice(sides.ours, load, measuring);
    const theirs = before ?? (sides.theirs === null ? null : await slice(sides.theirs, load, measuring));
    if (round > 0) measured.push({ ours, theirs });
  }
  return measured;
}

async function slice(side: RegisterSide, load: Load, { sliceMs, registers, signal }: Measuring): Promise<Slice> {
  const bundling = side.name === "etcd" ? (load.batch > 1 ? "bundled" : "single") : load.bundling;
  const startedMs = performance.now();
  const latenciesMs: number[] = [];
  let failures = 0;
  const client = async () => {
    while (performance.now() - startedMs < sliceMs) {
      const wanted = registers(load.batch);
      const askedMs = performance.now();
      try {
        await side.create(wanted, bundling, signal);
        latenciesMs.push(performance.now() - askedMs);
      } catch (error) {
        if (errorCode(error) === "aborted") throw error;
        failures += 1;
      }
    }
  };
  await Promise.all(Array.from({ length: load.clients }, client));
  const seconds = (performance.now() - startedMs) / 1000;
  const rising = latenciesMs.length === 0 ? [NaN] : latenciesMs.toSorted((a, b) => a - b);
  return {
    ...{ operations: latenciesMs.length, failures },
    registersPerSecond: (latenciesMs.length * load.batch) / seconds,
    p50Ms: quantile(rising, 0.5),
    p99Ms: quantile(rising, 0.99),
  };
}

/** After a kill a client waits so long before it tries again: what etcd forwards to a dead leader is answered after seven seconds. */
const ATTEMPT_MS = 500;

/** How long nothing is acknowledged after a kill: from the kill to the end of the first creation that was begun after it. */
export async function outageMs(
  side: RegisterSide,
  { registers, signal }: Pick<Measuring, "registers" | "signal">,
): Promise<number> {
  await side.create(registers(1), "single", signal);
  const { restart } = await side.killOne();
  const killedMs = performance.now();
  for (;;) {
    signal.throwIfAborted();
    const patience = AbortSignal.any([signal, deadlineSignal(ATTEMPT_MS)]);
    const made = await side.create(registers(1), "single", patience).then(
      () => true,
      () => false,
    );
    if (made) break;
  }
  const gapMs = performance.now() - killedMs;
  await restart();
  return gapMs;
}
