// All that is known of one store: what happens or happened, step by step, why
// it failed, and its facts.
import { useId } from "preact/hooks";
import type { OperationView, StoreView } from "../api/types";
import { ago, duration, elapsed, exact } from "../format/time";
import { elapsedMs, isOpen } from "../store/progress";
import { say, words } from "../words";
import { CopyLine } from "./copy-line";
import { FailureNote } from "./failure-note";
import { HealthNote, lookedAt } from "./health";
import { PutOffNote } from "./put-off";
import { StepTimeline } from "./step-timeline";

interface Props {
  store: StoreView;
  now: number;
}

export function StoreDetail({ store, now }: Props) {
  const { operation, health } = store;
  const isReady = store.status === "Ready";
  const failure = store.failure ?? operation?.failure;
  const headingId = useId();
  return (
    <div class="detail">
      {failure && <FailureNote failure={failure} remark={remark(store)} />}
      {isReady && health.reasons.length > 0 && <HealthNote health={health} />}
      <section class="detail-progress" aria-labelledby={headingId}>
        <h2 id={headingId}>
          {words.detail.progress}
          {operation && <span class="fine">{headline(operation, now)}</span>}
        </h2>
        {operation?.waiting && <PutOffNote waiting={operation.waiting} now={now} />}
        {operation ? (
          <StepTimeline operation={operation} now={now} />
        ) : (
          <p class="fine">{words.detail.noOperation}</p>
        )}
      </section>
      <section class="detail-facts" aria-label={words.detail.facts}>
        <dl>
          <dt>{words.detail.id}</dt>
          <dd>
            <code>{store.id}</code>
          </dd>
          <dt>{words.detail.address}</dt>
          <dd>
            <code>{store.url}</code>
          </dd>
          {isReady && (
            <>
              <dt>{words.detail.health}</dt>
              <dd>
                {say(words.health, health.status)}, {lookedAt(health, now)}
              </dd>
            </>
          )}
          <dt>{words.detail.plan}</dt>
          <dd>{store.plan}</dd>
          <dt>{words.detail.created}</dt>
          <dd>
            <time dateTime={store.created_at}>{exact(store.created_at)}</time>
          </dd>
          {store.ready_at && (
            <>
              <dt>{words.detail.ready}</dt>
              <dd title={ago(store.ready_at, now)}>
                {words.detail.readyAfter(
                  duration(elapsedMs(store.created_at, store.ready_at, now)),
                )}
              </dd>
            </>
          )}
        </dl>
        <p class="fine">{words.detail.asCurl}</p>
        <CopyLine
          command={`curl ${location.origin}/stores/${store.id}`}
          label={words.detail.asCurl}
        />
      </section>
    </div>
  );
}

/** A failure of a change, of an earlier attempt or of a wait is not the store's. */
function remark({ operation, status }: StoreView): string | undefined {
  if (!operation || !isOpen(operation)) {
    return status === "Ready" ? words.failure.asBefore : undefined;
  }
  return operation.status === "Queued" ? words.failure.tryingAgain : words.failure.seenNow;
}

function headline(operation: OperationView, now: number): string {
  const took = elapsedMs(operation.created_at, operation.finished_at, now);
  const time = isOpen(operation) ? elapsed(took) : duration(took);
  return `${say(words.kind, operation.kind)} · ${say(words.outcome, operation.status)} · ${time}`;
}
