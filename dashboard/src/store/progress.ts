// Where a store stands, worked out from what the api says. Pure: time comes in
// as an argument, words are chosen elsewhere.
import type {
  OperationKind,
  OperationStatus,
  OperationView,
  Step,
  StepView,
  StoreStatus,
  StoreView,
  Waiting,
} from "../api/types";

const MOVING: ReadonlySet<StoreStatus> = new Set([
  "Queued",
  "Provisioning",
  "Updating",
  "Deleting",
]);
const OPEN: ReadonlySet<OperationStatus> = new Set(["Queued", "Running"]);

/** The steps an operation is expected to take, in order; others may come between. */
const PLANS: Partial<Record<OperationKind, readonly Step[]>> = {
  Create: ["Namespace", "Credentials", "Release", "Rollout", "Storefront"],
  Delete: ["Purge"],
};
const CHANGE_PLAN: readonly Step[] = ["Release", "Rollout", "Storefront"];

/** Whether something is under way, so that looking again soon is worth it. */
export function isMoving(store: StoreView): boolean {
  return MOVING.has(store.status);
}

export function isOpen(operation: OperationView): boolean {
  return OPEN.has(operation.status);
}

/** Until when nothing of it is begun, so that it can be undone; `undefined` where it may be. */
export function heldUntil(operation: OperationView, now: number): string | undefined {
  const { not_before: until } = operation;
  return until && isOpen(operation) && Date.parse(until) > now ? until : undefined;
}

/** How long something took, or has taken so far. Never negative. */
export function elapsedMs(from: string, until: string | null | undefined, now: number): number {
  const end = until ? Date.parse(until) : now;
  return Math.max(0, end - Date.parse(from));
}

/** The step at work now, if any. */
export function currentStep(operation: OperationView): StepView | undefined {
  return operation.steps.findLast((step) => stateOf(step) === "running");
}

export type StepState = "done" | "running" | "failed" | "interrupted" | "stopped" | "pending";

export interface StepLine {
  step: Step;
  attempt: number;
  state: StepState;
  durationMs?: number;
  /** Where its bar stands in the operation's whole span, in percent. */
  offsetPercent: number;
  widthPercent: number;
  waiting?: Waiting;
}

/** The operation's steps as a timeline, the expected ones that are still to come included. */
export function timeline(operation: OperationView, now: number): StepLine[] {
  const first = operation.steps[0];
  if (first === undefined) {
    return pending(operation);
  }
  const start = begunAt(first, operation);
  const span = Math.max(1, elapsedMs(start, operation.finished_at, now));

  const taken = operation.steps.map((view): StepLine => {
    const state = stateOf(view);
    const from = begunAt(view, operation);
    const duration = elapsedMs(from, view.finished_at ?? operation.finished_at, now);
    return {
      step: view.step,
      attempt: view.attempt,
      state,
      durationMs: duration,
      offsetPercent: percent(Date.parse(from) - Date.parse(start), span),
      widthPercent: percent(duration, span),
      ...(state === "running" && view.waiting ? { waiting: view.waiting } : {}),
    };
  });
  return [...taken, ...pending(operation)];
}

/** How far along: steps begun of steps expected, for a small progress bar. */
export function progress(operation: OperationView): { begun: number; expected: number } {
  const plan = planOf(operation);
  return { begun: plan.length - upcoming(operation).length, expected: plan.length };
}

function begunAt(view: StepView, operation: OperationView): string {
  return view.started_at ?? operation.started_at ?? operation.created_at;
}

function stateOf({ outcome, finished_at }: StepView): StepState {
  switch (outcome) {
    case "Running":
      return "running";
    case "Done":
      return "done";
    case "Failed":
      return "failed";
    case "Interrupted":
      return "interrupted";
    case "Stopped":
      return "stopped";
    default:
      return finished_at ? "stopped" : "running";
  }
}

function planOf(operation: OperationView): readonly Step[] {
  return PLANS[operation.kind] ?? CHANGE_PLAN;
}

function upcoming(operation: OperationView): readonly Step[] {
  const plan = planOf(operation);
  const reached = operation.steps
    .filter((view) => view.attempt === operation.attempt && stateOf(view) !== "interrupted")
    .map((view) => plan.indexOf(view.step));
  return plan.slice(Math.max(-1, ...reached) + 1);
}

function pending(operation: OperationView): StepLine[] {
  if (!isOpen(operation)) {
    return [];
  }
  return upcoming(operation).map((step) => ({
    step,
    attempt: operation.attempt,
    state: "pending",
    offsetPercent: 0,
    widthPercent: 0,
  }));
}

function percent(part: number, whole: number): number {
  return Math.min(100, Math.max(0, (part / whole) * 100));
}
