// One store: what it is, what can be done with it, and one section about it at a
// time, as its address says.
import { useState } from "preact/hooks";
import { Problem } from "../api/problem";
import type { StoreView } from "../api/types";
import { Announcer } from "../components/announcer";
import { Commands } from "../components/commands";
import { DeleteDialog } from "../components/delete-dialog";
import { HealthBadge } from "../components/health";
import { Away, Back } from "../components/icons";
import { Link } from "../components/link";
import { type AddNotice, Nothing, Page, useNotices } from "../components/page";
import { HeldNote } from "../components/put-off";
import { StatusBadge } from "../components/status-badge";
import { StoreAudit } from "../components/store-audit";
import { storeCommands } from "../components/store-commands";
import { StoreDeeds } from "../components/store-deeds";
import { StoreDetail } from "../components/store-detail";
import { StoreInside } from "../components/store-inside";
import { StoreOperations } from "../components/store-operations";
import { StoreSettings } from "../components/store-settings";
import { useNow } from "../live/clock";
import { useStore } from "../live/stores";
import { addresses, SECTIONS, type Section, storeAddress } from "../route";
import { shopUrl } from "../store/address";
import { heldUntil, isMoving } from "../store/progress";
import { words } from "../words";

interface Props {
  id: string;
  section: Section;
}

export function StorePage({ id, section }: Props) {
  const { data: store, error, seenAt } = useStore(id);
  const { notices, addNotice } = useNotices();
  const [dooming, setDooming] = useState(false);
  const now = useNow(store && isMoving(store) ? 1_000 : 10_000);
  const held = store?.operation && heldUntil(store.operation, now);
  const isUnknown = error instanceof Problem && error.status === 404;

  return (
    <Page
      title={store?.name ?? id}
      heading={<bdi>{store?.name ?? id}</bdi>}
      looks={isUnknown ? [] : [{ error, seenAt }]}
      above={
        <Link class="back" href={addresses.stores}>
          <Back />
          {words.store.back}
        </Link>
      }
      beside={store && !isUnknown && <Beside store={store} />}
    >
      {notices}
      {isUnknown && <Nothing title={words.store.notFound} text={words.store.notFoundText} />}
      {!store && !error && <p class="fine">{words.store.loading}</p>}
      {store && !isUnknown && (
        <>
          <Announcer stores={[store]} />
          {held && <HeldNote until={held} />}
          <StoreDeeds store={store} onDelete={() => setDooming(true)} onProblem={addNotice} />
          <Sections id={id} section={section} />
          <Shown store={store} section={section} now={now} onProblem={addNotice} />
          <Commands commands={storeCommands(store, section)} />
          {dooming && (
            <DeleteDialog
              store={store}
              onClose={() => setDooming(false)}
              onLateProblem={addNotice}
              onAccepted={() => setDooming(false)}
            />
          )}
        </>
      )}
    </Page>
  );
}

function Beside({ store }: { store: StoreView }) {
  const url = shopUrl(store);
  return (
    <div class="beside">
      <span class="badges">
        <StatusBadge status={store.status} />
        {store.status === "Ready" && <HealthBadge status={store.health.status} />}
      </span>
      {url && (
        <a class="button primary" href={url} target="_blank" rel="noopener noreferrer">
          {words.store.open}
          <Away />
          <span class="unseen"> ({words.stores.opensInNewTab})</span>
        </a>
      )}
    </div>
  );
}

function Sections({ id, section }: Props) {
  return (
    <nav class="sections" aria-label={words.store.sections}>
      {SECTIONS.map((name) => (
        <Link
          key={name}
          href={storeAddress(id, name)}
          aria-current={name === section ? "page" : undefined}
        >
          {words.store.section[name]}
        </Link>
      ))}
    </nav>
  );
}

interface ShownProps {
  store: StoreView;
  section: Section;
  now: number;
  onProblem: AddNotice;
}

function Shown({ store, section, now }: ShownProps) {
  switch (section) {
    case "inside":
      return <StoreInside id={store.id} now={now} />;
    case "operations":
      return <StoreOperations id={store.id} now={now} />;
    case "audit":
      return <StoreAudit id={store.id} />;
    case "settings":
      return <StoreSettings key={store.id} store={store} />;
    default:
      return <StoreDetail store={store} now={now} />;
  }
}
