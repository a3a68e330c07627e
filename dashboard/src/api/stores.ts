// The calls about stores, one function each. Their answers are cached and kept
// fresh elsewhere (live/stores.ts).
import { ask } from "./client";
import type { StorePage, StoreView } from "./types";

export function listStores(cursor: string | undefined, signal?: AbortSignal): Promise<StorePage> {
  const query = cursor === undefined ? "" : `?${new URLSearchParams({ cursor })}`;
  return ask<StorePage>(`/stores${query}`, signal ? { signal } : {});
}

export interface NewStore {
  /** Left out when empty: the api then names the store itself. */
  name: string;
  /** The same key for the same wish, so that asking twice makes one store. */
  idempotencyKey: string;
}

export function createStore({ name, idempotencyKey }: NewStore): Promise<StoreView> {
  return ask<StoreView>("/stores", {
    method: "POST",
    body: name === "" ? {} : { name },
    headers: { "Idempotency-Key": idempotencyKey },
  });
}

/** What can be asked of a store about its newest operation. */
export type Wish = "retry" | "cancel";

export interface Asked {
  id: string;
  wish: Wish;
  idempotencyKey: string;
}

export function askOf({ id, wish, idempotencyKey }: Asked): Promise<StoreView> {
  return ask<StoreView>(`/stores/${encodeURIComponent(id)}/${wish}`, {
    method: "POST",
    headers: { "Idempotency-Key": idempotencyKey },
  });
}

export function deleteStore(id: string): Promise<unknown> {
  return ask(`/stores/${encodeURIComponent(id)}`, { method: "DELETE" });
}
