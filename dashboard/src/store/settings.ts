// What of a store's settings was changed in the form: only that is sent. Pure.
import type { Change, Plan, StoreView } from "../api/types";
import { labelChange, labelsOf, linesOf } from "./labels";

export const PLANS: readonly Plan[] = ["small", "medium", "large"];

export interface Settings {
  name: string;
  plan: Plan;
  labels: string;
  deletionProtection: boolean;
}

export function settingsOf(store: StoreView): Settings {
  return {
    name: store.wanted.name,
    plan: store.wanted.plan,
    labels: linesOf(store.labels),
    deletionProtection: store.deletion_protection,
  };
}

/** The change to ask for; `undefined` if there is none, or a line that is no label. */
export function changeOf(
  store: StoreView,
  { name, plan, labels, deletionProtection }: Settings,
): { change: Change | undefined } | { bad: string } {
  const read = labelsOf(labels);
  if ("bad" in read) {
    return read;
  }
  const was = settingsOf(store);
  const labelled = labelChange(store.labels, read.labels);
  const change: Change = {
    ...(name.trim() === was.name ? {} : { name: name.trim() }),
    ...(plan === was.plan ? {} : { plan }),
    ...(labelled ? { labels: labelled as Record<string, string> } : {}),
    ...(deletionProtection === was.deletionProtection
      ? {}
      : { deletion_protection: deletionProtection }),
  };
  return { change: Object.keys(change).length === 0 ? undefined : change };
}
