/**
 * A title as the name of a file, in a Content-Disposition header (RFC 6266) that says it twice: in plain ASCII for old
 * programs, and exactly (RFC 8187). Titles hold anything, so what a file system or a reader could misunderstand is taken out.
 */

/** Leaves room for the ending on file systems that take 255 bytes, four a character. */
const MAX_NAME_CHARACTERS = 60;
/** Control and format characters (which turn text round), path separators, what Windows forbids, and halves of a character. */
const FORBIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}/\\:*?"<>|]+/gu;
/** Devices of Windows, with any ending. */
const DEVICE = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)/i;
const FALLBACK = "video";

/** @param ending with its dot */
export function downloadName(title: string, ending: string): string {
  const plain = title.replace(FORBIDDEN, " ").replaceAll(/\s+/g, " ");
  const cut = Array.from(plain.trim()).slice(0, MAX_NAME_CHARACTERS).join("");
  // Names that begin with a dot are hidden, those that end with a dot or space lose it.
  const name = cut.replace(/^[. ]+/, "").replace(/[. ]+$/, "");
  if (name === "") return `${FALLBACK}${ending}`;
  return `${DEVICE.test(name) ? "_" : ""}${name}${ending}`;
}

export function attachmentOf(name: string): string {
  const ascii = name.replaceAll(/[^\x20-\x7e]/g, "_").replaceAll(/[%"\\]/g, "_");
  const exact = encodeURIComponent(name).replaceAll(
    /['()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${ascii}"; filename*=UTF-8''${exact}`;
}
