// The table of stores. It only lays out; what happens on a click is the page's.
import type { StoreView } from "../api/types";
import { words } from "../words";
import { StoreRow } from "./store-row";

interface Props {
  stores: readonly StoreView[];
  openId: string | undefined;
  now: number;
  onToggle: (id: string) => void;
  onDelete: (store: StoreView) => void;
  onProblem: (title: string, error: unknown) => void;
  onFocusLost: () => void;
}

const COLUMNS = ["name", "status", "address", "created", "actions"] as const;

export function StoreTable({ stores, openId, ...row }: Props) {
  return (
    // biome-ignore-start lint/a11y/noRedundantRoles: at phone width the table is laid out as blocks, which would drop its roles
    <table role="table" class="stores">
      <caption class="unseen">{words.stores.title}</caption>
      <thead role="rowgroup">
        <tr role="row">
          {COLUMNS.map((column) => (
            <th key={column} role="columnheader" scope="col">
              <span class={column === "actions" ? "unseen" : undefined}>
                {words.stores.column[column]}
              </span>
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {stores.map((store) => (
          <StoreRow
            key={store.id}
            store={store}
            open={store.id === openId}
            columns={COLUMNS.length}
            {...row}
          />
        ))}
      </tbody>
    </table>
    // biome-ignore-end lint/a11y/noRedundantRoles: see above
  );
}
