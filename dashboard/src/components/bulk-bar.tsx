// What can be done with the stores that are chosen, and what became of each.
import { useState } from "preact/hooks";
import type { StoreView } from "../api/types";
import { type Bulk, useBulk } from "../live/bulk";
import { storeAddress } from "../route";
import { words } from "../words";
import { BulkDeleteDialog } from "./bulk-delete-dialog";
import { Again, Alert, Bin, Check, Cross } from "./icons";
import { Link } from "./link";
import { sentence } from "./problem-note";

interface Props {
  chosen: readonly StoreView[];
  onChooseNone: () => void;
}

export function BulkBar({ chosen, onChooseNone }: Props) {
  const { bulk, isBusy, run, dismiss } = useBulk();
  const [doomed, setDoomed] = useState<readonly StoreView[]>();
  return (
    <>
      {chosen.length > 0 && (
        <section class="bulk" aria-label={words.bulk.label}>
          <strong role="status">{words.bulk.chosen(chosen.length)}</strong>
          <button
            type="button"
            aria-disabled={isBusy}
            onClick={() => !isBusy && run("retry", chosen)}
          >
            <Again />
            {isBusy ? words.bulk.busy : words.bulk.retry}
          </button>
          <button type="button" aria-disabled={isBusy} onClick={() => !isBusy && setDoomed(chosen)}>
            <Bin />
            {words.bulk.remove}
          </button>
          <button type="button" class="quiet" onClick={onChooseNone}>
            {words.bulk.none}
          </button>
        </section>
      )}
      {bulk && <Results bulk={bulk} onDismiss={dismiss} />}
      {doomed && (
        <BulkDeleteDialog
          count={doomed.length}
          onClose={() => setDoomed(undefined)}
          onConfirm={() => {
            setDoomed(undefined);
            void run("remove", doomed);
          }}
        />
      )}
    </>
  );
}

function Results({ bulk, onDismiss }: { bulk: Bulk; onDismiss: () => void }) {
  const { wish, results, all } = bulk;
  const accepted = results.filter(({ error }) => error === undefined).length;
  const isWell = results.length < all || accepted === all;
  return (
    <section class={`note ${isWell ? "tone-good" : "tone-warn"}`} aria-label={words.bulk[wish]}>
      {isWell ? <Check /> : <Alert />}
      <div class="note-body">
        <strong role="status">
          {words.bulk[wish]}: {words.bulk.results(accepted, all)}
        </strong>
        <ul class="results">
          {results.map(({ id, name, error }) => (
            <li key={id}>
              <Link href={storeAddress(id)}>
                <bdi>{name}</bdi>
              </Link>{" "}
              <code>{id}</code>: {error === undefined ? words.bulk.accepted : sentence(error)}
            </li>
          ))}
        </ul>
      </div>
      <button type="button" class="quiet icon-only" aria-label={words.dismiss} onClick={onDismiss}>
        <Cross />
      </button>
    </section>
  );
}
