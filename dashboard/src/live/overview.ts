// What the overview shows, worked out from the newest stores: how many there are
// of each status, which need somebody's attention, and what is being done.
import type { Health, StorePage, StoreStatus, StoreView } from "../api/types";
import { isOpen } from "../store/progress";
import type { Look } from "./look";
import { useStores } from "./stores";

const SAMPLE = 200;

export interface Overview {
  statuses: [StoreStatus, number][];
  health: [Health, number][];
  attention: StoreView[];
  running: StoreView[];
  /** How many stores were looked at. */
  total: number;
  /** Whether there are more than were looked at. */
  isSample: boolean;
}

export function useOverview(): Look<StorePage> & { overview: Overview | undefined } {
  const look = useStores({ limit: String(SAMPLE) });
  return { ...look, overview: look.data && overviewOf(look.data) };
}

/** Pure. */
export function overviewOf({ items, next_cursor }: StorePage): Overview {
  return {
    statuses: counted(items.map(({ status }) => status)),
    health: counted(
      items.filter(({ status }) => status === "Ready").map(({ health }) => health.status),
    ),
    attention: items.filter(needsAttention),
    running: items.filter(({ operation }) => operation && isOpen(operation)),
    total: items.length,
    isSample: Boolean(next_cursor),
  };
}

/** It failed, ails, or waits for something that does not come by itself. */
export function needsAttention({ status, health, operation }: StoreView): boolean {
  return (
    status === "Failed" ||
    status === "DeleteFailed" ||
    (status === "Ready" && health.status === "Degraded") ||
    Boolean(operation && isOpen(operation) && operation.waiting)
  );
}

function counted<Word extends string>(words: readonly Word[]): [Word, number][] {
  const counts = new Map<Word, number>();
  for (const word of words) {
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts];
}
