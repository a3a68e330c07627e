// What happens to a store, step by step, why it failed, and its facts.
import { useId } from "preact/hooks";
import type { OperationView, StoreView } from "../api/types";
import { ago, duration, elapsed, exact } from "../format/time";
import { useStores } from "../live/stores";
import { elapsedMs, heldUntil, isOpen } from "../store/progress";
import { typical } from "../store/typical";
import { say, words } from "../words";
import { FailureNote } from "./failure-note";
import { HealthNote } from "./health";
import { PutOffNote } from "./put-off";
import { StepTimeline } from "./step-timeline";
import { StoreFacts } from "./store-facts";

interface Props {
  store: StoreView;
  now: number;
}

export function StoreDetail({ store, now }: Props) {
  const { operation, health } = store;
  const failure = store.failure ?? operation?.failure;
  const headingId = useId();
  return (
    <div class="detail">
      {failure && <FailureNote failure={failure} remark={remark(store)} />}
      {store.status === "Ready" && health.reasons.length > 0 && <HealthNote health={health} />}
      <section class="card" aria-labelledby={headingId}>
        <h2 id={headingId}>
          {words.detail.progress}
          {operation && (
            <span class="fine">{`${say(words.kind, operation.kind)} · ${outcome(operation, now)}`}</span>
          )}
        </h2>
        {operation ? (
          <Progress operation={operation} now={now} />
        ) : (
          <p class="fine">{words.detail.noOperation}</p>
        )}
      </section>
      <StoreFacts store={store} now={now} />
    </div>
  );
}

function Progress({ operation, now }: { operation: OperationView; now: number }) {
  // What is usual is learnt from the newest stores, seldom asked for.
  const { data } = useStores({ limit: "50" });
  const seen = (data?.items ?? []).flatMap((store) => store.operation ?? []);
  return (
    <>
      {operation.waiting && <PutOffNote waiting={operation.waiting} now={now} />}
      <StepTimeline operation={operation} now={now} usual={typical(operation.kind, seen)} />
    </>
  );
}

/** A failure of a change, of an earlier attempt or of a wait is not the store's. */
function remark({ operation, status }: StoreView): string | undefined {
  if (!operation || !isOpen(operation)) {
    return status === "Ready" ? words.failure.asBefore : undefined;
  }
  return operation.status === "Queued" ? words.failure.tryingAgain : words.failure.seenNow;
}

/** How far it is, and how long it took: in a line. */
export function outcome(operation: OperationView, now: number): string {
  const took = elapsedMs(operation.created_at, operation.finished_at, now);
  const time = isOpen(operation) ? elapsed(took) : duration(took);
  const isHeld = heldUntil(operation, now) !== undefined;
  return `${isHeld ? words.held.waits : say(words.outcome, operation.status)} · ${time}`;
}

/** When it was asked for, as an age with the exact time to hover. */
export function Age({ at, now }: { at: string; now: number }) {
  return (
    <time dateTime={at} title={exact(at)}>
      {ago(at, now)}
    </time>
  );
}
