/** Keys of the play, as long as no field, list or button has a use for them itself. */
import type { PlayWish } from "./play-wish.ts";

export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  composedPath(): readonly unknown[];
}

/** What a key asks for; undefined when it is not ours. */
export function wishOfKey(
  event: KeyPress,
  { at, last }: { readonly at: number; readonly last: number },
): PlayWish | undefined {
  if (event.ctrlKey || event.metaKey || event.altKey) return undefined;
  const use = useOf(event.composedPath()[0]);
  if (use === "field") return undefined;
  switch (event.key) {
    case ".":
      return { want: "go", at: at + 1 };
    case ",":
      return { want: "go", at: at - 1 };
    case "k":
      return { want: "play" };
    case "n":
      return { want: "next decision" };
    case " ":
      return use === "button" ? undefined : { want: "play" };
    default:
      return use === "scroller" ? undefined : wishOfArrow(event.key, at, last);
  }
}

function wishOfArrow(key: string, at: number, last: number): PlayWish | undefined {
  switch (key) {
    case "ArrowRight":
      return { want: "go", at: at + 1 };
    case "ArrowLeft":
      return { want: "go", at: at - 1 };
    case "Home":
      return { want: "go", at: 0 };
    case "End":
      return { want: "go", at: last };
    default:
      return undefined;
  }
}

/** What the element in focus uses keys for. */
function useOf(target: unknown): "field" | "button" | "scroller" | "nothing" {
  if (target instanceof HTMLInputElement) return target.type === "checkbox" ? "button" : "field";
  if (target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement) return "field";
  if (target instanceof HTMLButtonElement || target instanceof HTMLAnchorElement) return "button";
  return target instanceof HTMLElement && target.tabIndex === 0 ? "scroller" : "nothing";
}
