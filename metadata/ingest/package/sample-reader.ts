/**
 * Reads one track of a source in decode order and hands out samples in ticks of the output track's timescale, shifted so
 * that the packaged video starts at 0. One sample of look-ahead, nothing else buffered.
 * Not mediabunny's `EncodedPacketSink.packets()`: that generator pre-reads as many packets as were taken in the last
 * second of wall clock, so a consumer that outruns the disk makes it hold hundreds of megabytes (read in its source).
 */

import { type EncodedPacket, EncodedPacketSink, type InputTrack } from "mediabunny";
import { damaged } from "./refusals.ts";
import { reading } from "./source-file.ts";

/** One coded frame, or one coded audio packet. */
export interface Sample {
  readonly bytes: Uint8Array;
  /** Presentation time in ticks, at least 0. */
  readonly startTicks: number;
  readonly durationTicks: number;
  /** A decoder can start here. */
  readonly isKey: boolean;
}

/** How source seconds become ticks: `ticks = round((seconds - originSeconds) * timescale) + editTicks`. */
export interface TrackTiming {
  /** Ticks per second. */
  readonly timescale: number;
  /** The source time that becomes 0, the same for both tracks. Seconds. */
  readonly originSeconds: number;
  /** What an edit list in the init segment takes away again, so that ticks need not be negative. */
  readonly editTicks: number;
}

export type SourcePacket = EncodedPacket;

/** Says whether a decoder can start at a packet. */
export type KeyRule = (packet: SourcePacket) => boolean;

/** Packets of one track in decode order, checked as they come. */
export class PacketReader {
  readonly #track: InputTrack;
  readonly #signal: AbortSignal;
  readonly #sink: EncodedPacketSink;
  #last: SourcePacket | null = null;
  #ended = false;

  constructor(track: InputTrack, signal: AbortSignal) {
    this.#track = track;
    this.#signal = signal;
    this.#sink = new EncodedPacketSink(track);
  }

  /**
   * The next packet, or null after the last.
   *
   * @throws UnsupportedMediaError `damaged` when the file ends before its index does
   */
  async next(): Promise<SourcePacket | null> {
    if (this.#ended) return null;
    this.#signal.throwIfAborted();
    const packet = await reading(this.#signal, () => this.#read({ verifyKeyPackets: true }));
    if (packet === null) {
      await this.#refuseEarlyEnd();
      this.#ended = true;
      return null;
    }
    // A mutated index could lead the reader in a circle; the order of reading must go forwards.
    if (this.#last !== null && packet.sequenceNumber <= this.#last.sequenceNumber) {
      throw damaged(`its index goes backwards at ${packet.timestamp.toFixed(2)} s`);
    }
    this.#last = packet;
    return packet;
  }

  #read(options: { verifyKeyPackets?: boolean; metadataOnly?: boolean }): Promise<SourcePacket | null> {
    return this.#last === null ? this.#sink.getFirstPacket(options) : this.#sink.getNextPacket(this.#last, options);
  }

  /** mediabunny says null both at the end and where a packet's bytes lie beyond the end of the file: ask which it was. */
  async #refuseEarlyEnd(): Promise<void> {
    const missing = await reading(this.#signal, () => this.#read({ metadataOnly: true }));
    if (missing === null) return;
    const kind = this.#track.isVideoTrack() ? "video" : "audio";
    throw damaged(`it ends before the ${kind} at ${missing.timestamp.toFixed(2)} s`);
  }
}

/** Samples of one track, from a first packet that was already read. */
export class SampleReader {
  readonly timing: TrackTiming;
  readonly #packets: PacketReader;
  readonly #isKey: KeyRule;
  #lookAhead: Sample | null;
  #usualDurationTicks = 0;

  constructor(first: SourcePacket, from: { packets: PacketReader; timing: TrackTiming; isKey: KeyRule }) {
    this.timing = from.timing;
    this.#packets = from.packets;
    this.#isKey = from.isKey;
    this.#lookAhead = this.#toSample(first);
  }

  /** The sample that `take()` gives next, or null after the last. */
  peek(): Sample | null {
    return this.#lookAhead;
  }

  /** The next sample; reads one ahead. */
  async take(): Promise<Sample | null> {
    const taken = this.#lookAhead;
    if (taken === null) return null;
    const packet = await this.#packets.next();
    this.#lookAhead = packet === null ? null : this.#toSample(packet);
    // In Matroska nothing tells how long the last frame is shown; most likely as long as the one before.
    if (taken.durationTicks === 0) return { ...taken, durationTicks: this.#usualDurationTicks };
    this.#usualDurationTicks = taken.durationTicks;
    return taken;
  }

  /** A sample's start on the common timeline; negative for audio that an edit list hides. Seconds. */
  startSeconds(sample: Sample): number {
    return this.seconds(sample.startTicks);
  }

  /** Ticks on the common timeline. Seconds. */
  seconds(ticks: number): number {
    return (ticks - this.timing.editTicks) / this.timing.timescale;
  }

  #toSample(packet: SourcePacket): Sample {
    const { timescale, originSeconds, editTicks } = this.timing;
    const startTicks = Math.round((packet.timestamp - originSeconds) * timescale) + editTicks;
    // Before the first keyframe's time there is nothing to show; only a broken index says otherwise.
    if (startTicks < 0) throw damaged(`a frame is dated ${packet.timestamp.toFixed(2)} s, before the first one`);
    return {
      bytes: packet.data,
      startTicks,
      durationTicks: Math.round(packet.duration * timescale),
      isKey: this.#isKey(packet),
    };
  }
}
