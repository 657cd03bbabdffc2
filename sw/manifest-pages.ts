/** Where pages of manifests are kept: the latest used in memory, more of them in the database. */
import * as v from "valibot";
import type { RenditionId, VideoId } from "#core/ids.ts";
import type { Clock } from "#wire/client/live-clock.ts";
import type { ManifestPage } from "#wire/contract/catalog-api.ts";
import { ManifestPageSchema } from "#wire/contract/catalog-api.ts";
import type { Table } from "./table.ts";
import { within } from "./waiting.ts";

/** Pages in memory: 70 to 120 kB each as text, so some 6 MB; five videos with all their renditions. */
const MAX_PAGES_IN_MEMORY = 48;
/** The database answers in 0.2 ms (measured, scheduling note 2.1) or is in trouble; then the server is asked. */
const READ_DEADLINE_MS = 250;

/** A page: `from` is the first segment number on it. */
export interface PagePlace {
  readonly videoId: VideoId;
  readonly rendition: RenditionId;
  readonly from: number;
}

const KnownPageSchema = v.object({
  /** Unix milliseconds when the server answered; it must mean something to the next worker too. */
  askedAtMs: v.number(),
  page: ManifestPageSchema,
});
export type KnownPage = v.InferOutput<typeof KnownPageSchema>;

export interface ManifestPages {
  inMemory(place: PagePlace): KnownPage | undefined;
  /** Brings a page from the database into memory; undefined when it is not there. */
  read(place: PagePlace): Promise<KnownPage | undefined>;
  /** In memory at once; resolves when the database has it too. */
  keep(place: PagePlace, page: ManifestPage): Promise<void>;
  forget(place: PagePlace): Promise<void>;
}

export function pageKey(place: PagePlace): string {
  return `${place.videoId}/${place.rendition}/${place.from}`;
}

export function manifestPages({ table, clock }: { readonly table: Table; readonly clock: Clock }): ManifestPages {
  /** Insertion order is order of use. */
  const pages = new Map<string, KnownPage>();

  function remember(key: string, known: KnownPage): void {
    pages.delete(key);
    pages.set(key, known);
    for (const oldest of pages.keys()) {
      if (pages.size <= MAX_PAGES_IN_MEMORY) break;
      pages.delete(oldest);
    }
  }

  return {
    inMemory(place) {
      const key = pageKey(place);
      const known = pages.get(key);
      if (known !== undefined) remember(key, known);
      return known;
    },
    async read(place) {
      const key = pageKey(place);
      const stored = v.safeParse(KnownPageSchema, await within(table.get(key), READ_DEADLINE_MS, clock));
      if (!stored.success) return undefined;
      const newer = pages.get(key);
      if (newer !== undefined) return newer;
      remember(key, stored.output);
      return stored.output;
    },
    async keep(place, page) {
      const key = pageKey(place);
      const known = { askedAtMs: clock.wallMs(), page };
      remember(key, known);
      await table.put([{ key, order: known.askedAtMs, value: known }]);
    },
    async forget(place) {
      pages.delete(pageKey(place));
      await table.remove([pageKey(place)]);
    },
  };
}
