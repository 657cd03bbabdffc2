/** The HTML that puts a video of ours into another page. */
import type { VideoId } from "#core/ids.ts";
import { PATHS } from "#wire/contract/paths.ts";

/** @param origin of this server, as the other page reaches it */
export function embedCode({ id, title }: { readonly id: VideoId; readonly title: string }, origin: string): string {
  const address = `${origin}${PATHS.embed(id)}`;
  return `<iframe src="${escaped(address)}" title="${escaped(title)}" width="640" height="360" style="border:0" allow="fullscreen; picture-in-picture; autoplay" loading="lazy"></iframe>`;
}

/** A title may hold anything: inside an attribute these five say something else (HTML Living Standard section 13.1.2.3). */
function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
