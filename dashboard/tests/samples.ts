// Stores as the api describes them, for tests: a plain one, changed as asked.
import type { OperationView, StepView, StorePage, StoreView } from "../src/api/types";

export const START = Date.parse("2026-11-23T12:00:00Z");

export const at = (seconds: number) => new Date(START + seconds * 1_000).toISOString();

export function step(
  name: string,
  from: number,
  until?: number,
  more: Partial<StepView> = {},
): StepView {
  return {
    step: name,
    attempt: 1,
    outcome: until === undefined ? "Running" : "Done",
    started_at: at(from),
    finished_at: until === undefined ? null : at(until),
    duration_ms: until === undefined ? null : (until - from) * 1_000,
    ...more,
  };
}

export function operation(more: Partial<OperationView> = {}): OperationView {
  return {
    id: "0193a0aa-0000-7000-8000-000000000001",
    kind: "Create",
    status: "Running",
    attempt: 1,
    created_at: at(0),
    started_at: at(1),
    finished_at: null,
    steps: [],
    ...more,
  };
}

export function store(more: Partial<StoreView> = {}): StoreView {
  const id = more.id ?? "store-bcdf24";
  return {
    id,
    name: "My Shop",
    status: "Ready",
    plan: "small",
    host: `${id}.localhost`,
    url: `http://${id}.localhost:8080`,
    created_at: at(0),
    ready_at: at(25),
    ...more,
  };
}

export function pageOf(...items: StoreView[]): StorePage {
  return { items, next_cursor: null, prev_cursor: null };
}
