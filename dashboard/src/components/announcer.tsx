// Tells a screen reader what changed in the list since the last look: a status,
// its health, or a store that went while it was being deleted. Shows nothing.
import { useEffect, useRef, useState } from "preact/hooks";
import type { Health, StoreView } from "../api/types";
import { say, words } from "../words";

export function Announcer({ stores }: { stores: readonly StoreView[] }) {
  const seen = useRef<readonly StoreView[]>([]);
  const [news, setNews] = useState("");

  useEffect(() => {
    const lines = changes(seen.current, stores);
    seen.current = stores;
    if (lines.length > 0) {
      setNews(lines.join(" "));
    }
  }, [stores]);

  return (
    <div class="unseen" role="status">
      {news}
    </div>
  );
}

/** What to say of the difference between two looks at the same page of stores. */
export function changes(before: readonly StoreView[], after: readonly StoreView[]): string[] {
  const now = new Map(after.map((store) => [store.id, store]));
  return before.flatMap(({ id, name, status, health }) => {
    const found = now.get(id);
    if (!found) {
      return status === "Deleting" ? [words.stores.gone(name)] : [];
    }
    if (found.status !== status) {
      return [words.stores.nowIs(name, say(words.status, found.status))];
    }
    const isNews = status === "Ready" && turned(health.status, found.health.status);
    return isNews ? [words.stores.nowIs(name, say(words.health, found.health.status))] : [];
  });
}

/** It began to ail or is well again; a first look that finds it well is no news. */
function turned(before: Health, after: Health): boolean {
  return before !== after && (after === "Degraded" || before === "Degraded") && after !== "Unknown";
}
