// The page of stores: brings filters, table, bulk deeds and dialogs together.
// What is chosen and shown stands in the address; the data is live/stores.ts.
import { useCallback, useEffect, useState } from "preact/hooks";
import { Problem } from "../api/problem";
import type { StoreView } from "../api/types";
import { Announcer } from "../components/announcer";
import { BulkBar } from "../components/bulk-bar";
import { type Command, Commands } from "../components/commands";
import { useCreate } from "../components/create";
import { DeleteDialog } from "../components/delete-dialog";
import { EmptyState } from "../components/empty-state";
import { Nothing, Page, useNotices } from "../components/page";
import { Pager } from "../components/pager";
import { FILTERS, StoreFilters } from "../components/store-filters";
import { StoreTable } from "../components/store-table";
import { useParams } from "../live/address";
import { useNow } from "../live/clock";
import { useStores } from "../live/stores";
import { useMay } from "../live/whoami";
import { withParams } from "../route";
import { isMoving } from "../store/progress";
import { words } from "../words";

const NO_STORES: readonly StoreView[] = [];
const NO_IDS: ReadonlySet<string> = new Set();

export function StoresPage() {
  const [params, setParams] = useParams();
  const [doomed, setDoomed] = useState<StoreView>();
  const [chosen, setChosen] = useState(NO_IDS);
  const [focusId, setFocusId] = useState<string>();
  const { notices, addNotice } = useNotices();
  const create = useCreate(addNotice);
  const may = useMay();

  const cursor = params.get("cursor") ?? undefined;
  const wanted = Object.fromEntries(FILTERS.map((name) => [name, params.get(name) ?? undefined]));
  const { data, error, seenAt, isOld } = useStores({ ...wanted, cursor });
  const stores = data?.items ?? NO_STORES;
  const moving = stores.filter(isMoving).length;
  const now = useNow(moving > 0 ? 1_000 : 10_000);
  const focusHeading = useCallback(
    () => document.querySelector<HTMLElement>("main h1")?.focus(),
    [],
  );

  // A page that is no more (an old link, its last store deleted): the first instead.
  // A page of several filters may be empty and still not be the last.
  const isLast = !data?.next_cursor && !data?.prev_cursor;
  const isGone = !isOld && data !== undefined && stores.length === 0 && !data.next_cursor;
  const isRefused = error instanceof Problem && error.status === 400;
  useEffect(() => {
    if (cursor !== undefined && (isGone || isRefused)) {
      setParams({ cursor: undefined }, "replace");
    }
  }, [cursor, isGone, isRefused]);

  // After a wish about a store, focus goes to its row.
  useEffect(() => {
    const link = focusId && document.getElementById(`store-${focusId}`);
    if (link) {
      link.focus();
      setFocusId(undefined);
    }
  }, [focusId, stores]);

  const { sort: _, ...chosenBy } = wanted;
  const isFiltered = Object.values(chosenBy).some((value) => value !== undefined);
  const isNone = data !== undefined && stores.length === 0 && isLast;
  const isEmpty = isNone && !isFiltered;

  return (
    <Page
      title={moving > 0 ? `(${moving}) ${words.stores.title}` : words.stores.title}
      heading={words.stores.title}
      looks={[{ error, seenAt }]}
      beside={!isEmpty && create.button}
    >
      <Announcer stores={stores} />
      {notices}
      {!isEmpty && (
        <StoreFilters
          params={params}
          onChange={(change) => setParams({ ...change, cursor: undefined })}
        />
      )}
      {data === undefined && !error && <p class="fine loading">{words.stores.loading}</p>}
      {isEmpty && <EmptyState button={create.button} />}
      {data && stores.length === 0 && !isLast && <p class="fine">{words.filter.rest}</p>}
      {isNone && isFiltered && <Nothing title={words.filter.none} text={words.filter.noneText} />}
      {may.change && (
        <BulkBar
          chosen={stores.filter(({ id }) => chosen.has(id))}
          onChooseNone={() => setChosen(NO_IDS)}
        />
      )}
      {stores.length > 0 && (
        <StoreTable
          stores={stores}
          chosen={chosen}
          now={now}
          onChoose={(id, isChosen) => {
            const others = [...chosen].filter((known) => known !== id);
            setChosen(new Set(isChosen ? [...others, id] : others));
          }}
          onChooseAll={(all) => setChosen(all ? new Set(stores.map(({ id }) => id)) : NO_IDS)}
          onDelete={setDoomed}
          onProblem={addNotice}
          onFocusLost={focusHeading}
        />
      )}
      <Pager page={data} onGo={(to) => setParams({ cursor: to })} />
      {!isEmpty && <Commands commands={commandsFor(wanted)} />}
      {create.dialog}
      {doomed && (
        <DeleteDialog
          store={doomed}
          onClose={() => setDoomed(undefined)}
          onLateProblem={addNotice}
          onAccepted={() => {
            setDoomed(undefined);
            setFocusId(doomed.id);
          }}
        />
      )}
    </Page>
  );
}

function commandsFor(wanted: Record<string, string | undefined>): Command[] {
  return [
    { title: words.stores.title, path: withParams("/stores", wanted), cli: cliList(wanted) },
    { title: words.stores.create, args: "-X POST", path: "/stores", cli: "store create" },
    {
      title: words.retry.label,
      args: "-X POST",
      path: "/stores/$STORE/retry",
      cli: "store retry $STORE",
    },
    {
      title: words.stores.remove,
      args: "-X DELETE",
      path: "/stores/$STORE",
      cli: "store delete $STORE",
    },
  ];
}

const IN_CLI = {
  status: "status",
  health: "health",
  label: "label",
  q: "search",
  sort: "sort",
};
/** What no shell makes anything else of: an address may hold anybody's words. */
const HARMLESS = /^[\w][\w.:-]*$/;

/** The CLI's words for the same list, as far as they are harmless. */
function cliList({ include_deleted, ...wanted }: Record<string, string | undefined>): string {
  const options = Object.entries(IN_CLI).flatMap(([name, option]) => {
    const value = wanted[name];
    const bare = name === "sort" ? value?.replace(/^-/, "") : value;
    return bare && HARMLESS.test(bare)
      ? [`--${option} ${name === "label" ? value?.replace(":", "=") : value}`]
      : [];
  });
  return ["store list", ...options, ...(include_deleted ? ["--include-deleted"] : [])].join(" ");
}
