// The page of stores: brings list, dialogs and errors together, and holds which
// store is open. How the data is kept fresh is live/stores.ts.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { Problem } from "../api/problem";
import { needsLogin } from "../api/session";
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
import { LoginPage } from "./login";

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
  const [focusId, setFocusId] = useState<string>();
  const heading = useRef<HTMLHeadingElement>(null);

  const { data, error, dataUpdatedAt, isPlaceholderData } = useStores(cursor);
  const stores = data?.items ?? NO_STORES;
  const moving = stores.filter(isMoving).length;
  const now = useNow(moving > 0 ? 1_000 : 10_000);

  const focusHeading = useCallback(() => heading.current?.focus(), []);
  const addNotice = useCallback(
    (title: string, late: unknown) =>
      setNotices((shown) => [
        ...shown.filter((notice) => notice.title !== title),
        { id: (shown.at(-1)?.id ?? 0) + 1, title, error: late },
      ]),
    [],
  );

  useEffect(() => {
    document.title = moving > 0 ? words.stores.titleMoving(moving) : words.stores.titleCalm;
  }, [moving]);

  // A page that is no more (an old link, its last store deleted): the newest instead.
  const isGone = !isPlaceholderData && data !== undefined && stores.length === 0;
  const isRefused = error instanceof Problem && error.status === 400;
  useEffect(() => {
    if (cursor !== undefined && (isGone || isRefused)) {
      setCursor(undefined);
    }
  }, [cursor, isGone, isRefused]);

  // After a wish about a store, focus goes to its row, once that is there.
  useEffect(() => {
    const toggle = focusId && document.getElementById(`toggle-${focusId}`);
    if (toggle) {
      toggle.focus();
      setFocusId(undefined);
    }
  }, [focusId, stores]);

  if (needsLogin(error)) {
    return <LoginPage />;
  }

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
      <div class="notices">
        {notices.map(({ id, title, error: late }) => (
          <ProblemNote
            key={id}
            title={title}
            error={late}
            onDismiss={() => setNotices((shown) => shown.filter((notice) => notice.id !== id))}
          />
        ))}
      </div>
      {data === undefined && !error && <p class="fine loading">{words.stores.loading}</p>}
      {isEmpty && <EmptyState onCreate={() => setCreating(true)} />}
      {stores.length > 0 && (
        <StoreTable
          stores={stores}
          openId={openId}
          now={now}
          onToggle={(id) => setOpenId(id === openId ? undefined : id)}
          onDelete={setDoomed}
          onProblem={addNotice}
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
            setFocusId(id);
          }}
        />
      )}
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
    </main>
  );
}
