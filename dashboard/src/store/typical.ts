// How long each step usually takes: the median of the same step in operations of
// that kind that succeeded. Pure; from what the page has seen, no claim beyond it.
import type { OperationKind, OperationView, Step } from "../api/types";

export type Typical = ReadonlyMap<Step, number>;

/** Fewer than this say nothing about the usual. */
const ENOUGH = 3;

export function typical(kind: OperationKind, operations: readonly OperationView[]): Typical {
  const times = new Map<Step, number[]>();
  for (const operation of operations) {
    if (operation.kind === kind && operation.status === "Succeeded") {
      for (const { step, outcome, duration_ms } of operation.steps) {
        if (outcome === "Done" && typeof duration_ms === "number") {
          times.set(step, [...(times.get(step) ?? []), duration_ms]);
        }
      }
    }
  }
  return new Map(
    [...times]
      .filter(([, seen]) => seen.length >= ENOUGH)
      .map(([step, seen]) => [step, median(seen)]),
  );
}

function median(times: readonly number[]): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
