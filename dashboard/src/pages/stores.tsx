// The page of stores: brings list, dialogs and errors together, and holds which
// store is open. How the data is kept fresh is live/stores.ts.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { StoreView } from "../api/types";
import { Announcer } from "../components/announcer";
import { ConnectionBanner } from "../components/connection-banner";
import { CreateDialog } from "../components/create-dialog";
import { DeleteDialog } from "../components/delete-dialog";
import { EmptyState } from "../components/empty-state";
import { Plus } from "../components/icons";
import { Pager } from "../components/pager";
import { ProblemNote } from "../components/problem-note";
import { StoreTable } from "../components/store-table";
import { useAddressParam } from "../live/address";
import { useNow } from "../live/clock";
import { useStores } from "../live/stores";
import { isMoving } from "../store/progress";
import { words } from "../words";

interface Notice {
  id: number;
  title: string;
  error: unknown;
}

const NO_STORES: readonly StoreView[] = [];

export function StoresPage() {
  const [cursor, setCursor] = useAddressParam("cursor", "push");
  const [openId, setOpenId] = useAddressParam("store", "replace");
  const [creating, setCreating] = useState(false);
  const [doomed, setDoomed] = useState<StoreView>();
  const [notices, setNotices] = useState<Notice[]>([]);
  const [freshId, setFreshId] = useState<string>();
  const heading = useRef<HTMLHeadingElement>(null);

  const { data, error, dataUpdatedAt } = useStores(cursor);
  const stores = data?.items ?? NO_STORES;
  const moving = stores.filter(isMoving).length;
  const now = useNow(moving > 0 ? 1_000 : 10_000);

  const focusHeading = useCallback(() => heading.current?.focus(), []);
  const addNotice = useCallback(
    (title: string, late: unknown) =>
      setNotices((shown) => [...shown, { id: (shown.at(-1)?.id ?? 0) + 1, title, error: late }]),
    [],
  );

  useEffect(() => {
    document.title = moving > 0 ? words.stores.titleMoving(moving) : words.stores.titleCalm;
  }, [moving]);

  // A store just asked for: focus goes to its row, once that is there.
  useEffect(() => {
    const toggle = freshId && document.getElementById(`toggle-${freshId}`);
    if (toggle) {
      toggle.focus();
      setFreshId(undefined);
    }
  }, [freshId, stores]);

  const isEmpty = data !== undefined && stores.length === 0 && cursor === undefined;

  return (
    <main>
      <ConnectionBanner error={error} seenAt={dataUpdatedAt} />
      <Announcer stores={stores} />
      <div class="page-head">
        <h1 ref={heading} tabIndex={-1}>
          {words.stores.title}
        </h1>
        {!isEmpty && (
          <button type="button" class="primary" onClick={() => setCreating(true)}>
            <Plus />
            {words.stores.create}
          </button>
        )}
      </div>
      {notices.map(({ id, title, error: late }) => (
        <ProblemNote
          key={id}
          title={title}
          error={late}
          onDismiss={() => setNotices((shown) => shown.filter((notice) => notice.id !== id))}
        />
      ))}
      {data === undefined && !error && <p class="fine loading">{words.stores.loading}</p>}
      {isEmpty && <EmptyState onCreate={() => setCreating(true)} />}
      {stores.length > 0 && (
        <StoreTable
          stores={stores}
          openId={openId}
          now={now}
          onToggle={(id) => setOpenId(id === openId ? undefined : id)}
          onDelete={setDoomed}
          onFocusLost={focusHeading}
        />
      )}
      <Pager newer={data?.prev_cursor} older={data?.next_cursor} onGo={setCursor} />
      {creating && (
        <CreateDialog
          onClose={() => setCreating(false)}
          onLateProblem={addNotice}
          onCreated={({ id }) => {
            setCreating(false);
            setCursor(undefined);
            setOpenId(id);
            setFreshId(id);
          }}
        />
      )}
      {doomed && (
        <DeleteDialog
          store={doomed}
          onClose={() => setDoomed(undefined)}
          onLateProblem={addNotice}
        />
      )}
    </main>
  );
}
