/** How many files this page is sending, told to the frame around the pages: an event on `window`. */

export const UPLOADING = "vstack-uploading";

let shown = 0;

export function showUploading(count: number): void {
  if (count === shown) return;
  shown = count;
  window.dispatchEvent(new CustomEvent(UPLOADING, { detail: count }));
}
