/** Moving between pages without loading the document again: history, and clicks on our own links. */

/** Fired on `window` after the address changed by {@link navigate}; back and forward fire `popstate`. */
const NAVIGATED = "vstack-navigated";

/** Goes to an address of ours. `replace` changes the present entry of the history, for state such as a search. */
function navigate(address: string, how: "push" | "replace" = "push"): void {
  if (how === "push") history.pushState(null, "", address);
  else history.replaceState(null, "", address);
  window.dispatchEvent(new CustomEvent(NAVIGATED, { detail: how }));
}

/** Replaces one parameter of the query; an empty value removes it. */
export function replaceQuery(name: string, value: string): void {
  const url = new URL(location.href);
  if (value === "") url.searchParams.delete(name);
  else url.searchParams.set(name, value);
  navigate(url.pathname + url.search + url.hash, "replace");
}

/** Calls back at every change of the address, and turns clicks on links of ours into navigation, until `signal`. */
export function watchNavigation(onMove: (kind: "push" | "replace" | "history") => void, signal: AbortSignal): void {
  window.addEventListener("popstate", () => onMove("history"), { signal });
  window.addEventListener(
    NAVIGATED,
    (event) => onMove(event instanceof CustomEvent && event.detail === "replace" ? "replace" : "push"),
    { signal },
  );
  document.addEventListener("click", followOwnLink, { signal });
}

function followOwnLink(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.composedPath().find((node) => node instanceof HTMLAnchorElement);
  if (link === undefined || link.target !== "" || link.hasAttribute("download")) return;
  // Links to other origins, to places in the page and to the API are the browser's.
  if (link.origin !== location.origin || !link.hasAttribute("data-page")) return;
  event.preventDefault();
  navigate(link.pathname + link.search);
}
