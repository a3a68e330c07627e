// One store in the table. The name is hostile text: it is only ever put in as
// text, isolated from what is around.
import { useLayoutEffect, useRef } from "preact/hooks";
import type { StoreView } from "../api/types";
import { ago, exact } from "../format/time";
import { useMay } from "../live/whoami";
import { storeAddress } from "../route";
import { shopUrl } from "../store/address";
import { isRemovable, wishFor } from "../store/wishes";
import { words } from "../words";
import { Away, Bin } from "./icons";
import { Link } from "./link";
import type { AddNotice } from "./page";
import { StatusCell } from "./status-cell";
import { WishButton } from "./wish-button";

interface Props {
  store: StoreView;
  now: number;
  isChosen: boolean;
  onChoose: (id: string, chosen: boolean) => void;
  onDelete: (store: StoreView) => void;
  onProblem: AddNotice;
  /** The row goes away while focus is in it: put focus somewhere. */
  onFocusLost: () => void;
}

export function StoreRow({ store, now, isChosen, ...on }: Props) {
  const { onChoose, onDelete, onProblem, onFocusLost } = on;
  const row = useRef<HTMLTableRowElement>(null);
  const may = useMay();
  const asked = wishFor(store);

  useLayoutEffect(
    () => () => {
      if (row.current?.contains(document.activeElement)) {
        onFocusLost();
      }
    },
    [onFocusLost],
  );

  return (
    // biome-ignore-start lint/a11y/noRedundantRoles: at phone width rows are laid out as blocks, which would drop their roles
    <tr ref={row} role="row" class={isChosen ? "store store-chosen" : "store"}>
      {may.change && (
        <td role="cell" class="cell-choose">
          <input
            type="checkbox"
            checked={isChosen}
            aria-label={words.bulk.choose(store.name)}
            onChange={({ currentTarget }) => onChoose(store.id, currentTarget.checked)}
          />
        </td>
      )}
      <th role="rowheader" scope="row" class="cell-name">
        <Link id={`store-${store.id}`} class="to-store" href={storeAddress(store.id)}>
          <bdi class="name">{store.name}</bdi>
        </Link>
        <code class="id">{store.id}</code>
      </th>
      <td role="cell" class="cell-status">
        <StatusCell store={store} now={now} />
      </td>
      <td role="cell" class="cell-address">
        <Address store={store} />
      </td>
      <td role="cell" class="cell-created">
        <time dateTime={store.created_at} title={exact(store.created_at)}>
          {ago(store.created_at, now)}
        </time>
      </td>
      {may.change && (
        <td role="cell" class="cell-actions">
          {asked && <WishButton key={asked.wish} store={store} onProblem={onProblem} {...asked} />}
          {isRemovable(store) && (
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
      )}
    </tr>
    // biome-ignore-end lint/a11y/noRedundantRoles: see above
  );
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
