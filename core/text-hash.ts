/** A small hash of texts for placement: the same number everywhere and for ever. Not for secrets. */

/** FNV-1a over UTF-16 units, finished with the murmur3 avalanche: spreads texts that differ only at the end. 0..2^32 - 1. */
export function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
