// The changes that can be asked of stores, one function each. What is shown of
// them is asked for elsewhere (live/stores.ts).
import { ask, tagOf } from "./client";
import type { Change, StoreView } from "./types";

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

/** What can be asked of a store without more words. */
export type Wish = "retry" | "cancel" | "upgrade" | "rollback" | "suspend" | "resume";

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

export interface Changing {
  /** As it was seen: refused with 412 where it is another one by now. */
  store: StoreView;
  change: Change;
}

export function changeStore({ store, change }: Changing): Promise<StoreView> {
  const tag = tagOf(store);
  return ask<StoreView>(`/stores/${encodeURIComponent(store.id)}`, {
    method: "PATCH",
    body: change,
    headers: tag === undefined ? {} : { "If-Match": tag },
  });
}

export function deleteStore(id: string): Promise<unknown> {
  return ask(`/stores/${encodeURIComponent(id)}`, { method: "DELETE" });
}
