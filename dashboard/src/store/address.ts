// Which address of a store may become a link. Pure.
import type { StoreStatus, StoreView } from "../api/types";

const SERVING: ReadonlySet<StoreStatus> = new Set(["Ready", "Updating"]);

/** The shop's address while it is served; only http and https ever pass. */
export function shopUrl(store: Pick<StoreView, "status" | "url">): string | undefined {
  if (!store.url || !SERVING.has(store.status)) {
    return undefined;
  }
  try {
    const { protocol, href } = new URL(store.url);
    return protocol === "http:" || protocol === "https:" ? href : undefined;
  } catch {
    return undefined;
  }
}
