// When a typed text confirms a deletion. Pure.
import type { StoreView } from "../api/types";

/**
 * The store's name as a person sees it (white space collapsed, one Unicode
 * form), or its id: a name may hold signs that no keyboard types.
 */
export function confirms(typed: string, store: Pick<StoreView, "id" | "name">): boolean {
  const text = seen(typed);
  return text !== "" && (text === seen(store.name) || text === store.id);
}

function seen(text: string): string {
  return text.normalize("NFC").replace(/\s+/gu, " ").trim();
}
