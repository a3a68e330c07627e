// What may be asked of a store as it stands, beside its end: the api's own rule
// (docs/STATES.md), so that no button is there only to be refused. Pure.
import type { Wish } from "../api/stores";
import type { OperationStatus, OperationView, StoreView } from "../api/types";
import { heldUntil, isOpen } from "./progress";

const UNDONE: ReadonlySet<OperationStatus> = new Set(["Failed", "Cancelled", "Superseded"]);

type Known = Pick<StoreView, "status" | "operation" | "safe">;

/** Never both: what is open can be cancelled, what came to nothing retried. */
export function wishFor(
  store: Known,
): { wish: "retry" | "cancel"; operation: OperationView } | undefined {
  const { operation, status } = store;
  if (!operation) {
    return undefined;
  }
  if (isOpen(operation)) {
    return isCancellable(operation, store.safe) ? { wish: "cancel", operation } : undefined;
  }
  const isUndone = UNDONE.has(operation.status) && status !== "Deleted";
  return isUndone ? { wish: "retry", operation } : undefined;
}

export type Deed = Extract<Wish, "upgrade" | "rollback" | "suspend" | "resume">;

type Deeds = Pick<StoreView, "status" | "previous" | "ready_at">;

/**
 * The changes of a store that rests or serves, in the order of their buttons. What was
 * never Ready has nothing to upgrade: Retry makes it.
 */
export function deedsFor({ status, previous, ready_at }: Deeds): Deed[] {
  switch (status) {
    case "Ready":
      return previous ? ["upgrade", "rollback", "suspend"] : ["upgrade", "suspend"];
    case "Suspended":
      return ["resume"];
    case "Failed":
      return ready_at ? ["upgrade"] : [];
    default:
      return [];
  }
}

/** Whether name and plan can be changed now; labels and protection always can. */
export function isChangeable({ status }: Pick<StoreView, "status">): boolean {
  return status === "Ready" || status === "Failed";
}

/** Whether its end can still be asked for. */
export function isRemovable({ status }: Pick<StoreView, "status">): boolean {
  return status !== "Deleting" && status !== "Deleted";
}

/**
 * The same key for the same wish about the same operation, pressed twice or in
 * two tabs; the operation that follows has another id, and so another key.
 */
export function wishKey(wish: Wish, { id }: Pick<OperationView, "id">): string {
  return `${wish}-${id}`;
}

/**
 * A changed store can only go back to something that was Ready; a delete is only undone
 * until it may begin.
 */
function isCancellable(operation: OperationView, safe: StoreView["safe"]): boolean {
  const { kind } = operation;
  const isChange = kind === "Update" || kind === "Suspend" || kind === "Resume";
  const isHeld = kind === "Delete" && heldUntil(operation, Date.now()) !== undefined;
  return kind === "Create" || (isChange && Boolean(safe)) || isHeld;
}
