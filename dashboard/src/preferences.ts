// What a person chose for this browser: language and theme. Kept in its storage
// where it has one; put on the document, where styles and readers find it.
import { LANGUAGES, type Language, speak } from "./words";

export type Theme = "system" | "light" | "dark";
export const THEMES: readonly Theme[] = ["system", "light", "dark"];

const LANGUAGE = "urumi.language";
const THEME = "urumi.theme";

export function language(): Language {
  const kept = read(LANGUAGE) ?? navigator.language.slice(0, 2);
  return isLanguage(kept) ? kept : "en";
}

export function theme(): Theme {
  const kept = read(THEME);
  return THEMES.find((known) => known === kept) ?? "system";
}

export function setLanguage(chosen: Language): void {
  write(LANGUAGE, chosen);
  applyPreferences();
}

export function setTheme(chosen: Theme): void {
  write(THEME, chosen);
  applyPreferences();
}

/** Before the first drawing, and after each choice. */
export function applyPreferences(): void {
  const { documentElement: root } = document;
  speak(language());
  root.lang = language();
  if (theme() === "system") {
    delete root.dataset.theme;
  } else {
    root.dataset.theme = theme();
  }
}

function isLanguage(name: string): name is Language {
  return Object.hasOwn(LANGUAGES, name);
}

// A browser may refuse its storage; then a choice lasts as long as the page.
const held = new Map<string, string>();

function read(name: string): string | undefined {
  try {
    return held.get(name) ?? localStorage.getItem(name) ?? undefined;
  } catch {
    return held.get(name);
  }
}

function write(name: string, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {
    held.set(name, value);
  }
}
