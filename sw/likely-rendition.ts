/**
 * With which rendition a player begins: the best one that is no more than it believes the network to carry (hls.js,
 * abr-controller `firstAutoLevel`), else the first of the playlist. A wrong guess costs one header and the front of a segment.
 */
import type { RenditionId } from "#core/ids.ts";
import { parseMediaPath } from "#wire/contract/paths.ts";

/** What hls.js presumes of a network that it has not measured. */
const PRESUMED_BITS_PER_SECOND = 500_000;

/**
 * @param masterPath path of the multivariant playlist (RFC 8216 section 4.3.4.2)
 * @param bitsPerSecond what the player believes; null when it did not say
 */
export function likelyRendition(
  masterPath: string,
  text: string,
  bitsPerSecond: number | null,
): RenditionId | undefined {
  const most = bitsPerSecond ?? PRESUMED_BITS_PER_SECOND;
  let first: RenditionId | undefined;
  let best: { readonly rendition: RenditionId; readonly rate: number } | undefined;
  let rate: number | undefined;
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith("#EXT-X-STREAM-INF:")) rate = rateOf(line);
    if (line === "" || line.startsWith("#") || rate === undefined) continue;
    const rendition = renditionAt(line, masterPath);
    if (rendition !== undefined) {
      first ??= rendition;
      if (rate <= most && (best === undefined || rate > best.rate)) best = { rendition, rate };
    }
    rate = undefined;
  }
  return best?.rendition ?? first;
}

/** hls.js compares by the average rate where there is one. */
function rateOf(line: string): number | undefined {
  const average = /[:,]AVERAGE-BANDWIDTH=(\d+)/.exec(line);
  const peak = /[:,]BANDWIDTH=(\d+)/.exec(line);
  const digits = (average ?? peak)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

function renditionAt(address: string, masterPath: string): RenditionId | undefined {
  const base = `http://same.origin${masterPath}`;
  if (!URL.canParse(address, base)) return undefined;
  const media = parseMediaPath(new URL(address, base).pathname);
  return media?.asks === "playlist" ? media.rendition : undefined;
}
