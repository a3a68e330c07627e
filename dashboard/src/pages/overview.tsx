// The first page: how many stores there are of each kind, what needs somebody's
// attention, and what is being done right now.
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import type { Counts, StoreView } from "../api/types";
import { Announcer } from "../components/announcer";
import { Commands } from "../components/commands";
import { useCreate } from "../components/create";
import { EmptyState } from "../components/empty-state";
import { HealthBadge } from "../components/health";
import { Link } from "../components/link";
import { Page, useNotices } from "../components/page";
import { StatusBadge } from "../components/status-badge";
import { StatusCell } from "../components/status-cell";
import { useNow } from "../live/clock";
import { countsShown, useOverview } from "../live/overview";
import { addresses, storeAddress, withParams } from "../route";
import { words } from "../words";

const SHOWN = 8;

export function OverviewPage() {
  const { overview, data: counts, error, seenAt } = useOverview();
  const { notices, addNotice } = useNotices();
  const create = useCreate(addNotice);
  const { attention, running, attentionCount, runningCount } = overview;
  const now = useNow(running.length > 0 ? 1_000 : 10_000);
  const isEmpty = counts?.total === 0;
  return (
    <Page
      title={words.overview.title}
      looks={[{ error, seenAt }]}
      beside={!isEmpty && create.button}
    >
      {notices}
      <Announcer stores={running} />
      {counts === undefined && !error && <p class="fine">{words.stores.loading}</p>}
      {isEmpty && <EmptyState button={create.button} />}
      {counts && !isEmpty && (
        <>
          <CountList counts={counts} />
          <div class="halves">
            <Part
              title={words.overview.attention}
              stores={attention}
              count={attentionCount}
              now={now}
            >
              {words.overview.calm}
            </Part>
            <Part title={words.overview.running} stores={running} count={runningCount} now={now}>
              {words.overview.still}
            </Part>
          </div>
          <Commands
            commands={[
              { title: words.overview.counts, path: "/stores/counts" },
              { title: words.stores.title, path: "/stores", cli: "store list" },
              { title: words.stores.create, args: "-X POST", path: "/stores", cli: "store create" },
            ]}
          />
        </>
      )}
      {create.dialog}
    </Page>
  );
}

function CountList({ counts }: { counts: Counts }) {
  const headingId = useId();
  const { statuses, degraded } = countsShown(counts);
  return (
    <section class="counts" aria-labelledby={headingId}>
      <h2 id={headingId} class="unseen">
        {words.overview.counts}
      </h2>
      <ul>
        <Count count={counts.total} params={{}}>
          {words.frame.stores}
        </Count>
        {statuses.map(([status, count]) => (
          <Count key={status} count={count} params={{ status }}>
            <StatusBadge status={status} />
          </Count>
        ))}
        {degraded.map(([health, count]) => (
          <Count key={health} count={count} params={{ health }}>
            <HealthBadge status={health} />
          </Count>
        ))}
      </ul>
    </section>
  );
}

interface CountProps {
  count: number;
  params: Record<string, string>;
  children: ComponentChildren;
}

function Count({ count, params, children }: CountProps) {
  return (
    <li>
      <Link class="count" href={withParams(addresses.stores, params)}>
        <span class="count-number">{count.toLocaleString(words.tag)}</span>
        {children}
        <span class="unseen">{words.overview.show}</span>
      </Link>
    </li>
  );
}

interface PartProps {
  title: string;
  stores: readonly StoreView[];
  /** How many there are in all. */
  count: number;
  now: number;
  /** What to say when there are none. */
  children: ComponentChildren;
}

function Part({ title, stores, count, now, children }: PartProps) {
  const headingId = useId();
  return (
    <section class="card" aria-labelledby={headingId}>
      <h2 id={headingId}>{title}</h2>
      {stores.length === 0 && <p class="fine">{children}</p>}
      <ul class="brief">
        {stores.slice(0, SHOWN).map((store) => (
          <li key={store.id}>
            <Link class="brief-name" href={storeAddress(store.id)}>
              <bdi>{store.name}</bdi>
            </Link>
            <StatusCell store={store} now={now} />
          </li>
        ))}
      </ul>
      {count > SHOWN && <p class="fine">{words.overview.more(count - SHOWN)}</p>}
    </section>
  );
}
