// How a store is, in a few lines: status and health, and what is done about it
// now or why that came to nothing.
import type { StoreView } from "../api/types";
import { elapsed, exact } from "../format/time";
import { currentStep, elapsedMs, heldUntil, isOpen, progress } from "../store/progress";
import { say, words } from "../words";
import { HealthBadge, HealthLine } from "./health";
import { StatusBadge } from "./status-badge";

export function StatusCell({ store, now }: { store: StoreView; now: number }) {
  const isReady = store.status === "Ready";
  return (
    <>
      <span class="badges">
        <StatusBadge status={store.status} />
        {isReady && <HealthBadge status={store.health.status} />}
      </span>
      {isReady && <HealthLine health={store.health} />}
      <StatusLine store={store} now={now} />
    </>
  );
}

function StatusLine({ store, now }: { store: StoreView; now: number }) {
  const { operation } = store;
  if (!operation || !isOpen(operation)) {
    return <Ended store={store} />;
  }
  const held = heldUntil(operation, now);
  if (held) {
    return <p class="status-line">{words.held.until(exact(held))}</p>;
  }
  const step = currentStep(operation);
  const { begun, expected } = progress(operation);
  const time = elapsed(elapsedMs(operation.created_at, operation.finished_at, now));
  return (
    <>
      <p class="status-line">
        {operation.waiting?.message ?? (step ? say(words.step, step.step) : words.waitingForWorker)}{" "}
        · <span class="ticking">{time}</span>
      </p>
      {expected > 1 && (
        <svg class="dots" viewBox={`0 0 ${expected * 10} 3`} aria-hidden="true">
          {Array.from({ length: expected }, (_, at) => (
            <rect
              key={at}
              class={at < begun ? "dot dot-begun" : "dot"}
              x={at * 10}
              width="8"
              height="3"
              rx="1.5"
            />
          ))}
        </svg>
      )}
    </>
  );
}

/** What is left to say when nothing is under way: why it, or its last change, failed. */
function Ended({ store: { failure, operation } }: { store: StoreView }) {
  if (failure) {
    return <p class="status-line bad">{failure.message}</p>;
  }
  return operation?.status === "Failed" && operation.failure ? (
    <p class="status-line warn">
      {words.kindFailed(say(words.kind, operation.kind))}: {operation.failure.message}
    </p>
  ) : null;
}
