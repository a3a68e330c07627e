// The stores: lists and single ones, kept fresh, and what can be asked of them.
import { askOf, changeStore, createStore, deleteStore } from "../api/stores";
import type { Counts, OperationPage, StorePage, StoreView } from "../api/types";
import { withParams } from "../route";
import { isMoving } from "../store/progress";
import { CALM_MS, type Look, MOVING_MS, useAnswers, useDeed, useLook } from "./look";

/** How long until a list of stores is asked for again. */
export function pauseMs(stores: StorePage | undefined): number {
  return stores?.items.some(isMoving) ? MOVING_MS : CALM_MS;
}

/** A page of stores, as these parameters choose and sort them; none without any. */
export function useStores(params: Record<string, string | undefined> | undefined): Look<StorePage> {
  return useLook<StorePage>("stores", params && withParams("/stores", params), pauseMs);
}

/** How many there are of each status and health, however many there are. */
export function useCounts(): Look<Counts> {
  return useLook<Counts>("stores", "/stores/counts");
}

export function useStore(id: string): Look<StoreView> {
  return useLook<StoreView>("stores", `/stores/${id}`, (seen) =>
    seen && isMoving(seen) ? MOVING_MS : CALM_MS,
  );
}

export function useOperations(id: string, cursor: string | undefined): Look<OperationPage> {
  return useLook<OperationPage>(
    "stores",
    withParams(`/stores/${id}/operations`, { limit: "20", cursor }),
    () => CALM_MS,
  );
}

/** Asks for a store; it is known as soon as the api has it. */
export function useCreateStore() {
  const answers = useAnswers();
  return useDeed("stores", async (wish: Parameters<typeof createStore>[0]) => {
    const made = await createStore(wish);
    answers.learn("stores", `/stores/${made.id}`, made);
    return made;
  });
}

export const useWish = () => useDeed("stores", askOf, { untilSeen: true });
export const useChangeStore = () => useDeed("stores", changeStore, { untilSeen: true });
export const useDeleteStore = () => useDeed("stores", deleteStore);
