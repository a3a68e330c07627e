// What of a store's settings was changed in the form: only that is sent, so that what
// somebody else changes meanwhile stays. Pure.
import type { Change, Plan, StoreView } from "../api/types";
import { areAtOdds, labelChange, labelsOf, linesOf } from "./labels";

export const PLANS: readonly Plan[] = ["small", "medium", "large"];

export interface Settings {
  name: string;
  plan: Plan;
  labels: string;
  deletionProtection: boolean;
}

/** What is being edited: each part as it was when that began, and as it is in the form. */
export interface Edit {
  was: Settings;
  now: Settings;
}

export function settingsOf(store: StoreView): Settings {
  return {
    name: store.wanted.name,
    plan: store.wanted.plan,
    labels: linesOf(store.labels),
    deletionProtection: store.deletion_protection,
  };
}

/** The edit beside the store as it is by now: what is not edited follows the store. */
export function follow(edit: Edit | undefined, store: StoreView): Edit {
  const is = settingsOf(store);
  const { was, now } = edit ?? { was: is, now: is };
  const kept = (of: Settings): Settings => ({
    name: was.name === now.name ? is.name : of.name,
    plan: was.plan === now.plan ? is.plan : of.plan,
    labels: was.labels === now.labels ? is.labels : of.labels,
    deletionProtection:
      was.deletionProtection === now.deletionProtection
        ? is.deletionProtection
        : of.deletionProtection,
  });
  return { was: kept(was), now: kept(now) };
}

/** The change to ask for; `undefined` if there is none, or a line that is no label. */
export function changeOf({ was, now }: Edit): { change: Change | undefined } | { bad: string } {
  const { labels, bad } = labelsOf(now.labels);
  if (bad !== undefined) {
    return { bad };
  }
  const name = now.name.trim();
  const labelled = labelChange(labelsOf(was.labels).labels, labels);
  const change: Change = {
    ...(name === was.name ? {} : { name }),
    ...(now.plan === was.plan ? {} : { plan: now.plan }),
    ...(labelled ? { labels: labelled as Record<string, string> } : {}),
    ...(now.deletionProtection === was.deletionProtection
      ? {}
      : { deletion_protection: now.deletionProtection }),
  };
  return { change: Object.keys(change).length === 0 ? undefined : change };
}

/** What is edited here and was made something else by somebody else, as that is now. */
export function atOdds(
  { was, now }: Edit,
  store: StoreView,
): Partial<Pick<Settings, "name" | "plan" | "labels">> {
  const is = settingsOf(store);
  const differ = (...[before, mine, theirs]: [string, string, string]) =>
    mine !== before && theirs !== before && mine !== theirs;
  const [before, mine] = [was, now].map(({ labels }) => labelsOf(labels).labels);
  return {
    ...(differ(was.name, now.name.trim(), is.name) ? { name: is.name } : {}),
    ...(differ(was.plan, now.plan, is.plan) ? { plan: is.plan } : {}),
    ...(areAtOdds(before ?? {}, mine ?? {}, store.labels) ? { labels: is.labels } : {}),
  };
}
