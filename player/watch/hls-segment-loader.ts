/**
 * Our segment load in the shape that hls.js wants (its `Loader` interface): callbacks, statistics, abort. Every request
 * carries session, strategy and a name of its own, so that the strategy may change between two segments and the worker
 * can be told to stop one of them.
 */
import type {
  FragmentLoaderContext,
  HlsConfig,
  Loader,
  LoaderCallbacks,
  LoaderConfiguration,
  LoaderStats,
} from "hls.js";
import { liveFetch } from "#wire/client/http.ts";
import { QUERY } from "#wire/contract/paths.ts";
import type { StrategyName } from "#wire/contract/segment-trace.ts";
import { randomName } from "../shell/random-name.ts";
import type { DeliveredNote } from "./honest-timing.ts";
import { honestTiming } from "./honest-timing.ts";
import type { LoadedFacts, LoadOutcome } from "./segment-load.ts";
import { loadSegment } from "./segment-load.ts";

/** What the loaders of one player share with it. */
export interface LoaderSurroundings {
  readonly session: string;
  /** Read at every request. */
  readonly strategy: () => StrategyName;
  readonly noteOf: (request: string) => Promise<DeliveredNote | undefined>;
  /** Tells the worker to stop the attempts of a request in this tick. */
  readonly abortInWorker: (request: string) => void;
  readonly estimateBitsPerSecond: () => number;
  readonly onLoaded: (url: string, facts: LoadedFacts) => void;
}

/** A class for hls.js' `fLoader`, bound to one player. */
export function segmentLoaderFor(
  surroundings: LoaderSurroundings,
): new (
  config: HlsConfig,
) => Loader<FragmentLoaderContext> {
  return class implements Loader<FragmentLoaderContext> {
    context: FragmentLoaderContext | null = null;
    readonly stats: LoaderStats = freshStats();
    readonly #abort = new AbortController();
    #request: string | undefined;
    #callbacks: LoaderCallbacks<FragmentLoaderContext> | undefined;

    load(
      context: FragmentLoaderContext,
      configuration: LoaderConfiguration,
      callbacks: LoaderCallbacks<FragmentLoaderContext>,
    ): void {
      const request = randomName();
      this.context = context;
      this.#request = request;
      this.#callbacks = callbacks;
      this.stats.loading.start = performance.now();
      const outcome = loadSegment(
        {
          url: namedUrl(context.url, request, surroundings),
          signal: this.#abort.signal,
          maxTimeToFirstByteMs: configuration.loadPolicy.maxTimeToFirstByteMs,
          maxLoadTimeMs: configuration.loadPolicy.maxLoadTimeMs,
          onProgress: ({ firstByteMs, loadedBytes, totalBytes }) => {
            this.stats.loading.first = firstByteMs;
            this.stats.loaded = loadedBytes;
            this.stats.total = totalBytes;
          },
        },
        { fetch: liveFetch, nowMs: () => performance.now(), delivered: () => surroundings.noteOf(request) },
      );
      void outcome.then((settled) => this.#settle(settled, context, callbacks));
    }

    abort(): void {
      this.#stop();
      if (this.context !== null) this.#callbacks?.onAbort?.(this.stats, this.context, null);
      this.#callbacks = undefined;
    }

    destroy(): void {
      this.#stop();
      this.#callbacks = undefined;
      this.context = null;
    }

    getCacheAge(): null {
      return null;
    }

    getResponseHeader(): null {
      return null;
    }

    #stop(): void {
      if (this.#request === undefined) return;
      this.stats.aborted = true;
      this.#abort.abort();
      // The stream's cancel() reaches the worker too, but not in every browser and not while the body is unread.
      surroundings.abortInWorker(this.#request);
      this.#request = undefined;
    }

    #settle(
      outcome: LoadOutcome,
      context: FragmentLoaderContext,
      callbacks: LoaderCallbacks<FragmentLoaderContext>,
    ): void {
      if (outcome.is === "aborted" || this.#callbacks === undefined) return;
      this.#request = undefined;
      switch (outcome.is) {
        case "loaded":
          this.#tell(outcome.load, outcome.bytes.byteLength);
          surroundings.onLoaded(context.url, outcome.load);
          callbacks.onSuccess({ url: context.url, data: outcome.bytes, code: 200 }, this.stats, context, null);
          return;
        case "refused":
          callbacks.onError({ code: outcome.status, text: "Refused" }, context, null, this.stats);
          return;
        case "broken":
          // Code 0 is what a broken stream shows as; the retry rule of hls-engine.ts knows it.
          callbacks.onError({ code: 0, text: outcome.detail }, context, null, this.stats);
          return;
        case "timeout":
          callbacks.onTimeout(this.stats, context, null);
      }
    }

    #tell(facts: LoadedFacts, receivedBytes: number): void {
      const told = honestTiming({
        real: facts.timing,
        receivedBytes,
        note: facts.note,
        estimateBytesPerSecond: surroundings.estimateBitsPerSecond() / 8,
      });
      this.stats.loading.start = told.startMs;
      this.stats.loading.first = told.firstByteMs;
      this.stats.loading.end = told.endMs;
      this.stats.loaded = receivedBytes;
      this.stats.total = receivedBytes;
    }
  };
}

function namedUrl(url: string, request: string, { session, strategy }: LoaderSurroundings): string {
  const named = new URL(url, location.href);
  named.searchParams.set(QUERY.session, session);
  named.searchParams.set(QUERY.strategy, strategy());
  named.searchParams.set(QUERY.request, request);
  return named.href;
}

function freshStats(): LoaderStats {
  return {
    ...{ aborted: false, loaded: 0, retry: 0, total: 0, chunkCount: 0, bwEstimate: 0 },
    loading: { start: 0, first: 0, end: 0 },
    parsing: { start: 0, end: 0 },
    buffering: { start: 0, first: 0, end: 0 },
  };
}
