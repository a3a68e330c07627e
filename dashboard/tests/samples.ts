// Stores as the api describes them, for tests: a plain one, changed as asked.
import type {
  Counts,
  OperationView,
  StepOutcome,
  StepView,
  StorePage,
  StoreStatus,
  StoreView,
} from "../src/api/types";

/** Words of a newer api may come too; the page must bear them. */
type Said<T, Key extends keyof T> = Partial<Omit<T, Key>> & { [K in Key]?: string };

export const START = Date.parse("2026-11-23T12:00:00Z");

export const at = (seconds: number) => new Date(START + seconds * 1_000).toISOString();

export function step(
  name: string,
  from: number,
  until?: number,
  { outcome, ...more }: Said<StepView, "outcome"> = {},
): StepView {
  return {
    step: name as StepView["step"],
    attempt: 1,
    run: 0,
    outcome: (outcome ?? (until === undefined ? "Running" : "Done")) as StepOutcome,
    changed: true,
    started_at: at(from),
    finished_at: until === undefined ? null : at(until),
    duration_ms: until === undefined ? null : (until - from) * 1_000,
    ...more,
  };
}

export function operation(more: Partial<OperationView> = {}): OperationView {
  return {
    id: "0193a0aa-0000-7000-8000-000000000001",
    store_id: "store-bcdf24",
    kind: "Create",
    status: "Running",
    generation: 1,
    attempt: 1,
    max_attempts: 3,
    created_at: at(0),
    started_at: at(1),
    finished_at: null,
    steps: [],
    ...more,
  };
}

export function store({ status = "Ready", ...more }: Said<StoreView, "status"> = {}): StoreView {
  const id = more.id ?? "store-bcdf24";
  return {
    id,
    name: "My Shop",
    status: status as StoreStatus,
    plan: "small",
    wanted: { name: more.name ?? "My Shop", plan: "small" },
    admin_email: "owner@example.com",
    labels: {},
    deletion_protection: false,
    images: {},
    host: `${id}.localhost`,
    url: `http://${id}.localhost:8080`,
    generation: 1,
    health: { status: "Unknown", reasons: [], looked_at: null },
    shop: null,
    created_at: at(0),
    updated_at: at(25),
    ready_at: at(25),
    ...more,
  };
}

export function pageOf(...items: StoreView[]): StorePage {
  return { items, next_cursor: null, prev_cursor: null };
}

export function counts(of: Partial<Counts["by_status"]> = {}, degraded = 0): Counts {
  const none = { Queued: 0, Provisioning: 0, Ready: 0, Failed: 0, Updating: 0, Suspended: 0 };
  const by_status = { ...none, Deleting: 0, DeleteFailed: 0, Deleted: 0, ...of };
  const all = Object.values(by_status).reduce((sum, count) => sum + count, 0);
  return {
    total: all - by_status.Deleted,
    by_status,
    by_health: { Unknown: 0, Healthy: 0, Degraded: degraded },
  };
}
