/** Light, dark, or as the system says. Everything else about colour is in theme.css. */
import { readStored, writeStored } from "./stored.ts";

export const THEMES = ["auto", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

/** The stored choice, `auto` when there is none. */
export function storedTheme(): Theme {
  const stored = readStored("theme");
  return THEMES.find((theme) => theme === stored) ?? "auto";
}

/** Shows the theme, and remembers it. */
export function applyTheme(theme: Theme): void {
  if (theme === "auto") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
  writeStored("theme", theme);
}
