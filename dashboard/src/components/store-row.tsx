// One store in the table, and its detail below when it is open. The name is
// hostile text: it is only ever put in as text, isolated from what is around.
import { useLayoutEffect, useRef } from "preact/hooks";
import type { StoreView } from "../api/types";
import { ago, elapsed, exact } from "../format/time";
import { shopUrl } from "../store/address";
import { currentStep, elapsedMs, isOpen, progress } from "../store/progress";
import { wishFor } from "../store/wishes";
import { say, words } from "../words";
import { HealthBadge, HealthLine } from "./health";
import { Away, Bin, Chevron } from "./icons";
import { StatusBadge } from "./status-badge";
import { StoreDetail } from "./store-detail";
import { WishButton } from "./wish-button";

interface Props {
  store: StoreView;
  open: boolean;
  now: number;
  columns: number;
  onToggle: (id: string) => void;
  onDelete: (store: StoreView) => void;
  onProblem: (title: string, error: unknown) => void;
  /** The row goes away while focus is in it: put focus somewhere. */
  onFocusLost: () => void;
}

export function StoreRow({ store, open, now, columns, ...on }: Props) {
  const { onToggle, onDelete, onProblem, onFocusLost } = on;
  const row = useRef<HTMLTableRowElement>(null);
  const detail = useRef<HTMLTableRowElement>(null);
  const asked = wishFor(store);
  const detailId = `detail-${store.id}`;

  useLayoutEffect(
    () => () => {
      if ([row, detail].some(({ current }) => current?.contains(document.activeElement))) {
        onFocusLost();
      }
    },
    [onFocusLost],
  );

  return (
    <>
      {/* biome-ignore-start lint/a11y/noRedundantRoles: at phone width rows are laid out as blocks, which would drop their roles */}
      <tr ref={row} role="row" class={open ? "store store-open" : "store"}>
        <th role="rowheader" scope="row" class="cell-name">
          <button
            type="button"
            class="toggle"
            id={`toggle-${store.id}`}
            aria-expanded={open}
            aria-controls={open ? detailId : undefined}
            onClick={() => onToggle(store.id)}
          >
            <Chevron />
            <span>
              <bdi class="name">{store.name}</bdi>
              <code class="id">{store.id}</code>
            </span>
          </button>
        </th>
        <td role="cell" class="cell-status">
          <span class="badges">
            <StatusBadge status={store.status} />
            {store.status === "Ready" && <HealthBadge status={store.health.status} />}
          </span>
          {store.status === "Ready" && <HealthLine health={store.health} />}
          <StatusLine store={store} now={now} />
        </td>
        <td role="cell" class="cell-address">
          <Address store={store} />
        </td>
        <td role="cell" class="cell-created">
          <time dateTime={store.created_at} title={exact(store.created_at)}>
            {ago(store.created_at, now)}
          </time>
        </td>
        <td role="cell" class="cell-actions">
          {asked && <WishButton key={asked.wish} store={store} onProblem={onProblem} {...asked} />}
          {store.status !== "Deleting" && store.status !== "Deleted" && (
            <button
              type="button"
              class="quiet"
              aria-label={words.stores.removeNamed(store.name)}
              onClick={() => onDelete(store)}
            >
              <Bin />
              {words.stores.remove}
            </button>
          )}
        </td>
      </tr>
      {open && (
        <tr ref={detail} role="row" class="store-detail" id={detailId}>
          <td role="cell" colSpan={columns}>
            <StoreDetail store={store} now={now} />
          </td>
        </tr>
      )}
      {/* biome-ignore-end lint/a11y/noRedundantRoles: see above */}
    </>
  );
}

function StatusLine({ store, now }: { store: StoreView; now: number }) {
  const { operation } = store;
  if (!operation || !isOpen(operation)) {
    return <Ended store={store} />;
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

function Address({ store }: { store: StoreView }) {
  const url = shopUrl(store);
  if (url === undefined) {
    return (
      <span class="fine" title={words.stores.notYetOpen}>
        {store.host}
      </span>
    );
  }
  return (
    <a href={url} target="_blank" rel="noopener noreferrer">
      <span>{new URL(url).host}</span>
      <Away />
      <span class="unseen"> ({words.stores.opensInNewTab})</span>
    </a>
  );
}
