/**
 * What every kernel must do on every platform: run by erasure-codec.test.ts in Node and, bundled, by e2e/flows/codec.spec.ts
 * in Chromium. So it uses no test tool: a check fails by throwing. Each uses one codec from its beginning to its end, as a
 * library is known that decodes rightly once per instance only.
 */
import type { ByteRange } from "#core/erasure/geometry.ts";
import { geometryOf, shardCount, storedBytes } from "#core/erasure/geometry.ts";
import type { ErasureCode } from "#core/erasure/reed-solomon.ts";
import { DEFAULT_CODE, MATRIX } from "#core/erasure/reed-solomon.ts";
import { GOLDEN_VECTORS } from "#core/erasure/vectors/golden-vectors.ts";
import type { KernelName } from "#core/erasure/shard-arena.ts";
import { seededRandom } from "#core/random.ts";
import { sha256, toHex } from "./digest.ts";
import { ErasureCodec } from "./erasure-codec.ts";

export interface CodecCheck {
  readonly name: string;
  run(codec: ErasureCodec): Promise<void>;
}

const MIB = 1024 * 1024;
const codeOf = (dataShards: number, parityShards: number): ErasureCode => ({
  dataShards,
  parityShards,
  matrix: MATRIX,
});
const SMALL_CODES = [codeOf(3, 2), codeOf(4, 2), codeOf(6, 3)];
const LARGE_CODES = [codeOf(1, 2), codeOf(5, 3), codeOf(8, 4), codeOf(10, 4), codeOf(17, 3), codeOf(32, 32)];
const SPOT_CHECKS = 40;
const UNTOUCHED = 0xa5;

export const CODEC_CHECKS: readonly CodecCheck[] = [
  {
    name: "rebuilds from every choice of k shards of 3+2, 4+2 and 6+3, copying and in place",
    async run(codec) {
      for (const code of SMALL_CODES) {
        for (const inputs of choices(shardCount(code), code.dataShards)) {
          await checkRebuild(codec, codedChunk(codec, code, 1_000), inputs);
        }
      }
    },
  },
  {
    name: "rebuilds chunks of 1 to 200 bytes from every choice of three shards of five",
    async run(codec) {
      for (let sizeBytes = 1; sizeBytes <= 200; sizeBytes += 1) {
        const coded = codedChunk(codec, DEFAULT_CODE, sizeBytes);
        for (const inputs of choices(5, 3)) await checkRebuild(codec, coded, inputs);
      }
    },
  },
  {
    name: "rebuilds chunks around 64 KiB and 2 MiB from every choice of three shards of five",
    async run(codec) {
      const around = (bytes: number) => [bytes - 193, bytes - 1, bytes, bytes + 1, bytes + 63];
      for (const sizeBytes of [...around(65_536), ...around(2 * MIB)]) {
        const coded = codedChunk(codec, DEFAULT_CODE, sizeBytes);
        for (const inputs of choices(5, 3)) await checkRebuild(codec, coded, inputs);
      }
    },
  },
  {
    name: "rebuilds from chosen shards of larger codes",
    async run(codec) {
      const random = seededRandom(51);
      for (const code of LARGE_CODES) {
        for (let spot = 0; spot < SPOT_CHECKS; spot += 1) {
          const coded = codedChunk(codec, code, Math.floor(random() * 40_000));
          await checkRebuild(codec, coded, shuffled(shardCount(code), random).slice(0, code.dataShards));
        }
      }
    },
  },
  {
    name: "rebuilds some columns, and writes to no others",
    async run(codec) {
      const random = seededRandom(52);
      for (const code of [...SMALL_CODES, codeOf(10, 4)]) {
        for (let spot = 0; spot < SPOT_CHECKS; spot += 1) await checkColumns(codec, code, random);
      }
    },
  },
  {
    name: "makes the parity bytes of klauspost/reedsolomon",
    async run(codec) {
      for (const { code, shardBytes, sha256: wanted } of GOLDEN_VECTORS) {
        const [dataShards, parityShards] = code;
        const parity = await parityOf(codec, codeOf(dataShards, parityShards), shardBytes);
        const found = toHex(await sha256(parity));
        const what = `the parity of ${dataShards}+${parityShards}, ${shardBytes} bytes each`;
        expectThat(found === wanted, `${what}, has the hash ${found} instead of ${wanted}`);
      }
    },
  },
];

/** What a page calls: the kernel that it has of itself, and what fails with each. */
export async function checkPlatform(kernels: readonly KernelName[]) {
  const failures: string[] = [];
  for (const kernel of kernels) {
    const codec = new ErasureCodec({ kernel });
    for (const check of CODEC_CHECKS) {
      await check.run(codec).catch((error: unknown) => failures.push(`${kernel} ${check.name}: ${String(error)}`));
    }
  }
  return { kernel: new ErasureCodec().kernel, checks: kernels.length * CODEC_CHECKS.length, failures };
}

interface CodedChunk {
  readonly code: ErasureCode;
  readonly sizeBytes: number;
  /** As stored, so that the last data shards may be short. */
  readonly shards: readonly Uint8Array[];
}

function codedChunk(codec: ErasureCodec, code: ErasureCode, sizeBytes: number): CodedChunk {
  const geometry = geometryOf(code, sizeBytes);
  const chunk = filled(sizeBytes, sizeBytes + code.dataShards);
  const data = Array.from({ length: code.dataShards }, (_, shard) => {
    const start = shard * geometry.shardBytes;
    return chunk.subarray(start, start + storedBytes(geometry, shard));
  });
  return { code, sizeBytes, shards: [...data, ...codec.encode(code, chunk)] };
}

/** Rebuilds all other shards from these, copying and in place. */
async function checkRebuild(codec: ErasureCodec, chunk: CodedChunk, inputs: readonly number[]): Promise<void> {
  const { code, sizeBytes, shards } = chunk;
  const name = `${code.dataShards}+${code.parityShards}, ${sizeBytes} bytes, from ${inputs.join()}`;
  const { shardBytes } = geometryOf(code, sizeBytes);
  const outputs = shards.flatMap((_, shard) => (inputs.includes(shard) ? [] : [shard]));
  const given = new Map(inputs.map((shard) => [shard, shards[shard] ?? new Uint8Array()]));
  const copied = codec.rebuild({ code, inputs: given, outputs, columns: shardBytes });
  for (const [at, shard] of outputs.entries()) expectShard(copied[at], shards[shard], `${name}: copy of ${shard}`);

  const arena = await codec.open(code, sizeBytes, new AbortController().signal);
  try {
    for (const shard of inputs) arena.slots[shard]?.set(shards[shard] ?? []);
    arena.rebuild(inputs, outputs);
    for (const shard of outputs) expectShard(arena.slots[shard], shards[shard], `${name}: slot ${shard}`);
    arena.encode();
    for (const [shard, bytes] of shards.entries()) expectShard(arena.slots[shard], bytes, `${name}: coded ${shard}`);
  } finally {
    arena.close();
  }
}

async function checkColumns(codec: ErasureCodec, code: ErasureCode, random: () => number): Promise<void> {
  const sizeBytes = 1 + Math.floor(random() * 300_000);
  const { shardBytes } = geometryOf(code, sizeBytes);
  const [start = 0, end = 0] = [random(), random()].map((share) => Math.floor(share * shardBytes)).toSorted(rising);
  const order = shuffled(shardCount(code), random);
  const [inputs, outputs] = [order.slice(0, code.dataShards), order.slice(code.dataShards)];
  const name = `${code.dataShards}+${code.parityShards}, ${sizeBytes} bytes, columns ${start}-${end} from ${inputs.join()}`;
  const arena = await codec.open(code, sizeBytes, new AbortController().signal);
  try {
    for (let shard = 0; shard < code.dataShards; shard += 1) arena.slots[shard]?.set(filled(shardBytes, shard + 1));
    arena.encode();
    const wanted = arena.slots.map((slot) => slot.slice(start, end));
    const given = new Map(inputs.map((shard) => [shard, wanted[shard] ?? new Uint8Array()]));
    const copied = codec.rebuild({ code, inputs: given, outputs, columns: end - start });
    for (const shard of outputs) arena.slots[shard]?.fill(UNTOUCHED);
    arena.rebuild(inputs, outputs, { start, end });
    for (const [at, shard] of outputs.entries()) {
      expectShard(copied[at], wanted[shard], `${name}: copy of ${shard}`);
      expectColumns(arena.slots[shard] ?? new Uint8Array(), { start, end }, wanted[shard], `${name}: slot ${shard}`);
    }
  } finally {
    arena.close();
  }
}

/** Of the data that make-vectors.go has, all parity shards one behind the other. */
async function parityOf(codec: ErasureCodec, code: ErasureCode, shardBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const arena = await codec.open(code, shardBytes * code.dataShards, new AbortController().signal);
  try {
    const data = filled(shardBytes * code.dataShards, 1);
    for (let shard = 0; shard < code.dataShards; shard += 1) {
      // Shards of the vectors are no multiple of 64 long: the slots are longer, and zeros give zeros.
      arena.slots[shard]?.fill(0).set(data.subarray(shard * shardBytes, (shard + 1) * shardBytes));
    }
    arena.encode();
    const parity = new Uint8Array(shardBytes * code.parityShards);
    for (const [at, slot] of arena.slots.slice(code.dataShards).entries()) {
      parity.set(slot.subarray(0, shardBytes), at * shardBytes);
    }
    return parity;
  } finally {
    arena.close();
  }
}

/** The generator of make-vectors.go. */
export function filled(sizeBytes: number, seed: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(sizeBytes);
  let state = seed >>> 0;
  for (let at = 0; at < sizeBytes; at += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

/** The bytes as stored, and zeros behind them. */
function expectShard(found: Uint8Array | undefined, wanted: Uint8Array | undefined, what: string): void {
  if (found === undefined || wanted === undefined || found.length < wanted.length) throw new Error(`${what} is short`);
  for (let at = 0; at < found.length; at += 1) {
    if (found[at] !== (at < wanted.length ? wanted[at] : 0)) throw new Error(`${what} is wrong at ${at}`);
  }
}

function expectColumns(slot: Uint8Array, columns: ByteRange, wanted: Uint8Array | undefined, what: string): void {
  expectShard(slot.subarray(columns.start, columns.end), wanted, what);
  const others = [slot.subarray(0, columns.start), slot.subarray(columns.end)];
  expectThat(
    others.every((bytes) => bytes.every((byte) => byte === UNTOUCHED)),
    `${what} was written to beside its columns`,
  );
}

function expectThat(condition: boolean, message: string): void {
  if (!condition) throw new Error(message);
}

const rising = (a: number, b: number) => a - b;

/** All choices of `count` of the first `of` numbers, each rising. */
function choices(of: number, count: number): number[][] {
  if (count === 0) return [[]];
  if (of < count) return [];
  return [...choices(of - 1, count), ...choices(of - 1, count - 1).map((choice) => [...choice, of - 1])];
}

function shuffled(count: number, random: () => number): number[] {
  return Array.from({ length: count }, (_, value) => ({ value, key: random() }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ value }) => value);
}
