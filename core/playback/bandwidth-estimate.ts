/**
 * What hls.js 1.7 believes of the bandwidth (src/utils/ewma.ts, ewma-bandwidth-estimator.ts): the lower of two means that
 * forget, 3 s and 9 s of download time, and a mean of the time to first byte. Bits per second.
 */

const FAST_SECONDS = 3;
const SLOW_SECONDS = 9;
const LEAST_WEIGHT = 0.001;
const LEAST_SAMPLE_MS = 50;
const DEFAULT_FIRST_BYTE_MS = 100;

export class BandwidthEstimate {
  #default: number;
  #fast = new Mean(FAST_SECONDS);
  #slow = new Mean(SLOW_SECONDS);
  #firstByte = new Mean(SLOW_SECONDS);

  constructor(defaultBitsPerSecond: number) {
    this.#default = defaultBitsPerSecond;
  }

  sample(durationMs: number, bytes: number): void {
    if (bytes <= 0) return;
    const seconds = Math.max(durationMs, Math.min(LEAST_SAMPLE_MS, bytes / 100_000)) / 1000;
    this.#fast.add(seconds, (8 * bytes) / seconds);
    this.#slow.add(seconds, (8 * bytes) / seconds);
  }

  sampleFirstByte(ms: number): void {
    const seconds = ms / 1000;
    this.#firstByte.add(Math.SQRT2 * Math.exp(-(seconds ** 2) / 2), Math.max(ms, 5));
  }

  /** Forgets everything, and believes this until the next sample. */
  reset(bitsPerSecond: number): void {
    this.#default = bitsPerSecond;
    this.#fast = new Mean(FAST_SECONDS);
    this.#slow = new Mean(SLOW_SECONDS);
    this.#firstByte = new Mean(SLOW_SECONDS);
  }

  get isMeasured(): boolean {
    return this.#fast.weight >= LEAST_WEIGHT;
  }

  get bitsPerSecond(): number {
    return this.isMeasured ? Math.min(this.#fast.value, this.#slow.value) : this.#default;
  }

  get firstByteMs(): number {
    return this.#firstByte.weight >= LEAST_WEIGHT ? this.#firstByte.value : DEFAULT_FIRST_BYTE_MS;
  }
}

class Mean {
  readonly #halfLife: number;
  #sum = 0;
  weight = 0;

  constructor(halfLife: number) {
    this.#halfLife = halfLife;
  }

  add(weight: number, value: number): void {
    const kept = 0.5 ** (weight / this.#halfLife);
    this.#sum = value * (1 - kept) + kept * this.#sum;
    this.weight += weight;
  }

  get value(): number {
    return this.#sum / (1 - 0.5 ** (this.weight / this.#halfLife));
  }
}
