// The table of stores. It only lays out; what happens on a click is the page's.
import type { StoreView } from "../api/types";
import { useMay } from "../live/whoami";
import { words } from "../words";
import type { AddNotice } from "./page";
import { StoreRow } from "./store-row";

interface Props {
  stores: readonly StoreView[];
  chosen: ReadonlySet<string>;
  now: number;
  onChoose: (id: string, chosen: boolean) => void;
  onChooseAll: (chosen: boolean) => void;
  onDelete: (store: StoreView) => void;
  onProblem: AddNotice;
  onFocusLost: () => void;
}

export function StoreTable({ stores, chosen, onChooseAll, ...row }: Props) {
  const may = useMay();
  const { name, status, address, created, actions } = words.stores.column;
  const count = stores.filter(({ id }) => chosen.has(id)).length;
  return (
    // biome-ignore-start lint/a11y/noRedundantRoles: at phone width the table is laid out as blocks, which would drop its roles
    <table role="table" class="stores">
      <caption class="unseen">{words.stores.title}</caption>
      <thead role="rowgroup">
        <tr role="row">
          {may.change && (
            <th role="columnheader" scope="col" class="cell-choose">
              <input
                type="checkbox"
                aria-label={words.bulk.all}
                checked={count > 0 && count === stores.length}
                indeterminate={count > 0 && count < stores.length}
                onChange={({ currentTarget }) => onChooseAll(currentTarget.checked)}
              />
            </th>
          )}
          {[name, status, address, created].map((title) => (
            <th key={title} role="columnheader" scope="col">
              {title}
            </th>
          ))}
          {may.change && (
            <th role="columnheader" scope="col">
              <span class="unseen">{actions}</span>
            </th>
          )}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {stores.map((store) => (
          <StoreRow key={store.id} store={store} isChosen={chosen.has(store.id)} {...row} />
        ))}
      </tbody>
    </table>
    // biome-ignore-end lint/a11y/noRedundantRoles: see above
  );
}
