// The page's only source of stores: reads them, keeps them fresh, changes them.
// Today by asking again while the tab is visible; a stream can take its place
// here without a change elsewhere.
import {
  keepPreviousData,
  QueryClient,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/preact-query";
import { needsLogin } from "../api/session";
import { askOf, createStore, deleteStore, listStores } from "../api/stores";
import type { StorePage } from "../api/types";
import { isMoving } from "../store/progress";

const MOVING_MS = 1_000;
const AWAY_MS = 2_000;
const CALM_MS = 5_000;

const ALL = ["stores"] as const;
const page = (cursor: string | undefined) => [...ALL, cursor ?? ""] as const;

/** How long until the list is asked for again. */
export function pauseMs(failing: boolean, stores: StorePage | undefined): number {
  if (failing) {
    return AWAY_MS;
  }
  return stores?.items.some(isMoving) ? MOVING_MS : CALM_MS;
}

/** No retries and no idea of "offline": the api may well be on this machine. */
export function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: { retry: false, networkMode: "always", refetchOnWindowFocus: true },
      mutations: { retry: false, networkMode: "always" },
    },
  });
}

/** One page of stores, newest first. */
export function useStores(cursor: string | undefined) {
  return useQuery({
    queryKey: page(cursor),
    queryFn: ({ signal }) => listStores(cursor, signal),
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) =>
      !needsLogin(state.error) && pauseMs(state.status === "error", state.data),
    refetchIntervalInBackground: false,
  });
}

/** Asks for a store; it stands in the first page as soon as the api has it. */
export function useCreateStore() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: createStore,
    onSuccess: (made) => {
      client.setQueryData<StorePage>(
        page(undefined),
        (seen) =>
          seen && { ...seen, items: [made, ...seen.items.filter(({ id }) => id !== made.id)] },
      );
      void client.invalidateQueries({ queryKey: ALL });
    },
  });
}

/**
 * Asks for a retry or a cancel; done once the list says what came of it. After a
 * refusal the list is asked for too: what was shown is then no longer so.
 */
export function useWish() {
  const client = useQueryClient();
  const refresh = () => client.invalidateQueries({ queryKey: ALL });
  return useMutation({
    mutationFn: askOf,
    onSuccess: refresh,
    onError: () => void refresh(),
  });
}

/** Asks for a store's end. */
export function useDeleteStore() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: deleteStore,
    onSuccess: () => void client.invalidateQueries({ queryKey: ALL }),
  });
}
