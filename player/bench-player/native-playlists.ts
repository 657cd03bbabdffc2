/**
 * Playlists of a video with every node as a redundant variant (RFC 8216 section 6.2.4), so that plain hls.js plays straight
 * from the nodes and fails over by itself: what somebody gets who writes no scheduler. Pure.
 */
import type { RenditionId } from "#core/ids.ts";
import type { Rendition } from "#wire/contract/catalog-api.ts";
import type { ManifestEntry } from "#wire/contract/catalog-api.ts";
import { PATHS, QUERY } from "#wire/contract/paths.ts";

export interface NativeRendition {
  readonly rendition: Rendition;
  readonly init: ManifestEntry;
  readonly segments: readonly ManifestEntry[];
}

export interface NativeNode {
  readonly id: string;
  readonly url: string;
}

export interface NativePlaylists {
  /** Address of the multivariant playlist. Nothing answers there: a loader takes the texts from here. */
  readonly master: string;
  readonly texts: ReadonlyMap<string, string>;
  /** Which segment an address below a node is. */
  readonly segments: ReadonlyMap<string, { readonly rendition: RenditionId; readonly seq: number }>;
}

/** @param nodes in the order in which they shall be tried */
export function nativePlaylists(
  renditions: readonly NativeRendition[],
  nodes: readonly NativeNode[],
  session: string,
): NativePlaylists {
  const texts = new Map<string, string>();
  const segments = new Map<string, { rendition: RenditionId; seq: number }>();
  const variants: string[] = [];
  // As our own playlist has them: by the first one hls.js decides what it believes before it has measured anything.
  const bestFirst = renditions.toSorted((a, b) => b.rendition.peakBitsPerSecond - a.rendition.peakBitsPerSecond);
  for (const node of nodes) {
    const base = node.url.replace(/\/$/, "");
    const addressOf = ({ record }: ManifestEntry) => `${base}${PATHS.chunk(record.hash)}?${QUERY.session}=${session}`;
    for (const { rendition, init, segments: entries } of bestFirst) {
      // Below the node's own address: hls.js tells places apart by their host.
      const address = `${base}/bench/${rendition.id}.m3u8`;
      variants.push(variantLine(rendition), address);
      for (const entry of entries) segments.set(addressOf(entry), { rendition: rendition.id, seq: entry.seq });
      texts.set(
        address,
        [
          ...["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-PLAYLIST-TYPE:VOD"],
          `#EXT-X-TARGETDURATION:${Math.ceil(Math.max(...entries.map((entry) => entry.durationSeconds)))}`,
          `#EXT-X-MAP:URI="${addressOf(init)}"`,
          ...entries.flatMap((entry) => [`#EXTINF:${entry.durationSeconds.toFixed(6)},`, addressOf(entry)]),
          "#EXT-X-ENDLIST\n",
        ].join("\n"),
      );
    }
  }
  const [first] = nodes;
  const master = `${first?.url.replace(/\/$/, "") ?? ""}/bench/master.m3u8`;
  texts.set(master, ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS", ...variants, ""].join("\n"));
  return { master, texts, segments };
}

function variantLine({ peakBitsPerSecond, averageBitsPerSecond, codecs, width, height, frameRate }: Rendition): string {
  const attributes = [
    `BANDWIDTH=${peakBitsPerSecond}`,
    `AVERAGE-BANDWIDTH=${averageBitsPerSecond}`,
    `CODECS="${codecs}"`,
    ...(width === null || height === null ? [] : [`RESOLUTION=${width}x${height}`]),
    ...(frameRate === null ? [] : [`FRAME-RATE=${frameRate.toFixed(3)}`]),
  ];
  return `#EXT-X-STREAM-INF:${attributes.join(",")}`;
}
