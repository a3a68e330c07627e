// The words of the page in the language that is chosen. `words` is a live
// binding: who reads it while drawing gets the language of that moment, so it
// must not be taken apart outside of a function.
import { de } from "./words/de";
import { en } from "./words/en";

/** What a language has to say; German that lacks a word does not compile. */
export type Words = typeof en;

export const LANGUAGES = { en, de } satisfies Record<string, Words>;
export type Language = keyof typeof LANGUAGES;

export let words: Words = en;

/** From now on everything is said in that language. */
export function speak(language: Language): void {
  words = LANGUAGES[language];
}

/** The word for a key of the wire, or the key itself when it is newer than this page. */
export function say<Key extends string>(dictionary: Record<Key, string>, key: Key): string {
  return Object.hasOwn(dictionary, key) ? dictionary[key] : key;
}
