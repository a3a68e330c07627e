// What the overview shows: how many stores there are of each kind, which need
// somebody's attention, and what is being done. Lists are asked for only where the
// counts say that there is something in them.
import type { Counts, Health, StoreStatus, StoreView } from "../api/types";
import { isOpen } from "../store/progress";
import type { Look } from "./look";
import { useCounts, useStores } from "./stores";

/** Stores of each kind that are looked at; more are counted, not shown. */
const SHOWN = "8";

const RUNNING: readonly StoreStatus[] = ["Queued", "Provisioning", "Updating", "Deleting"];
const FAILED: readonly StoreStatus[] = ["Failed", "DeleteFailed"];

export interface Overview {
  attention: StoreView[];
  running: StoreView[];
  /** How many of each there are in all, shown or not. */
  attentionCount: number;
  runningCount: number;
}

export function useOverview(): Look<Counts> & { overview: Overview } {
  const counts = useCounts();
  const of = (status: StoreStatus) =>
    useStores(counts.data?.by_status[status] ? { status, limit: SHOWN } : undefined).data?.items;
  const degraded = useStores(
    counts.data?.by_health.Degraded ? { health: "Degraded", limit: SHOWN } : undefined,
  );
  const failed = FAILED.map(of);
  const running = RUNNING.map(of);
  return {
    ...counts,
    overview: overviewOf(
      counts.data,
      [...failed, degraded.data?.items].flatMap((stores) => stores ?? []),
      running.flatMap((stores) => stores ?? []),
    ),
  };
}

/** Pure. What waits for something needs attention beside what failed or ails. */
export function overviewOf(
  counts: Counts | undefined,
  ailing: readonly StoreView[],
  moving: readonly StoreView[],
): Overview {
  const running = moving.filter(({ operation }) => operation && isOpen(operation));
  const waiting = running.filter(({ operation }) => operation?.waiting);
  const sum = (statuses: readonly StoreStatus[]) =>
    statuses.reduce((all, status) => all + (counts?.by_status[status] ?? 0), 0);
  return {
    attention: [...ailing, ...waiting],
    running,
    attentionCount: sum(FAILED) + (counts?.by_health.Degraded ?? 0) + waiting.length,
    runningCount: sum(RUNNING),
  };
}

/** The counts that are worth a look, in the order of a store's life. */
export function countsShown(counts: Counts): {
  statuses: [StoreStatus, number][];
  degraded: [Health, number][];
} {
  const of = Object.entries(counts.by_status) as [StoreStatus, number][];
  return {
    statuses: of.filter(([status, count]) => count > 0 && status !== "Deleted"),
    degraded: counts.by_health.Degraded > 0 ? [["Degraded", counts.by_health.Degraded]] : [],
  };
}
