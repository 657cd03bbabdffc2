/** The keys of the watch page, what they do, and when they stay out of the way. Pure; watch-page.ts acts. */

export type KeyAction =
  | { readonly do: "toggle-play" | "toggle-mute" | "toggle-fullscreen" | "toggle-captions" | "toggle-pip" }
  | { readonly do: "toggle-stats" | "toggle-devtools" }
  | { readonly do: "seek-by"; readonly seconds: number }
  /** Tenths of the video. */
  | { readonly do: "seek-to-tenth"; readonly tenth: number }
  | { readonly do: "volume-by"; readonly amount: number }
  | { readonly do: "speed-step"; readonly step: 1 | -1 };

export interface PressedKey {
  readonly key: string;
  readonly hasModifier: boolean;
  /**
   * What the key would go to: `text` (fields, and menus that jump by letter) takes all keys, `choice` (radio, slider) keeps
   * arrows, digits and space, a `control` (button, link) keeps space.
   */
  readonly focus: "page" | "text" | "choice" | "control";
}

/** What a key press means; undefined when it is not ours. */
export function keyAction({ key, hasModifier, focus }: PressedKey): KeyAction | undefined {
  if (hasModifier || focus === "text") return undefined;
  if (key === " ") return focus === "page" ? { do: "toggle-play" } : undefined;
  const letter = LETTERS.get(key.toLowerCase());
  if (letter !== undefined) return letter;
  if (focus === "choice") return undefined;
  if (/^[0-9]$/.test(key)) return { do: "seek-to-tenth", tenth: Number(key) };
  return ARROWS.get(key);
}

const LETTERS = new Map<string, KeyAction>([
  ["k", { do: "toggle-play" }],
  ["j", { do: "seek-by", seconds: -10 }],
  ["l", { do: "seek-by", seconds: 10 }],
  ["m", { do: "toggle-mute" }],
  ["f", { do: "toggle-fullscreen" }],
  ["c", { do: "toggle-captions" }],
  ["i", { do: "toggle-pip" }],
  ["n", { do: "toggle-stats" }],
  ["d", { do: "toggle-devtools" }],
  ["<", { do: "speed-step", step: -1 }],
  [">", { do: "speed-step", step: 1 }],
]);

const ARROWS = new Map<string, KeyAction>([
  ["ArrowLeft", { do: "seek-by", seconds: -5 }],
  ["ArrowRight", { do: "seek-by", seconds: 5 }],
  ["ArrowUp", { do: "volume-by", amount: 0.05 }],
  ["ArrowDown", { do: "volume-by", amount: -0.05 }],
]);

/** The speeds that the menu and the keys offer. */
export const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 2] as const;

/** The next speed up or down; the end of the list stays. */
export function nextSpeed(present: number, step: 1 | -1): number {
  const faster = SPEEDS.filter((speed) => speed > present + 1e-6);
  const slower = SPEEDS.filter((speed) => speed < present - 1e-6);
  return (step === 1 ? faster[0] : slower.at(-1)) ?? present;
}
