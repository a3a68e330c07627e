// The facts of a store. Names, labels and addresses are a tenant's words: they
// are put in as text.
import type { ComponentChildren } from "preact";
import type { StoreView } from "../api/types";
import { ago, duration, exact } from "../format/time";
import { elapsedMs } from "../store/progress";
import { say, words } from "../words";
import { lookedAt } from "./health";

export function StoreFacts({ store, now }: { store: StoreView; now: number }) {
  const { health, labels, images } = store;
  return (
    <section class="card" aria-label={words.detail.facts}>
      <h2>{words.detail.facts}</h2>
      <dl class="facts">
        <Fact term={words.detail.id}>
          <code>{store.id}</code>
        </Fact>
        <Fact term={words.detail.address}>
          <code>{store.url}</code>
        </Fact>
        {store.status === "Ready" && (
          <Fact term={words.detail.health}>
            {say(words.health, health.status)}, {lookedAt(health, now)}
          </Fact>
        )}
        {store.shop === "WordPress" && (
          <Fact term={words.detail.shop}>{words.detail.plainWordPress}</Fact>
        )}
        <Fact term={words.detail.plan}>{store.plan}</Fact>
        <Fact term={words.store.email}>
          <bdi>{store.admin_email}</bdi>
        </Fact>
        <Fact term={words.detail.created}>
          <time dateTime={store.created_at}>{exact(store.created_at)}</time>
        </Fact>
        {store.ready_at && (
          <Fact term={words.detail.ready}>
            <span title={ago(store.ready_at, now)}>
              {words.detail.readyAfter(duration(elapsedMs(store.created_at, store.ready_at, now)))}
            </span>
          </Fact>
        )}
        {store.deletion_protection && (
          <Fact term={words.store.protection}>{words.store.protected}</Fact>
        )}
        {Object.keys(labels).length > 0 && (
          <Fact term={words.store.labels}>
            {Object.entries(labels).map(([key, value]) => (
              <code key={key} class="label">
                <bdi>{key}</bdi>={<bdi>{value}</bdi>}
              </code>
            ))}
          </Fact>
        )}
        {store.chart && (
          <Fact term={words.store.chart}>
            <code>{store.chart}</code>
          </Fact>
        )}
        {Object.entries(images).map(([container, image]) => (
          <Fact key={container} term={container}>
            <code>{image}</code>
          </Fact>
        ))}
      </dl>
    </section>
  );
}

function Fact({ term, children }: { term: string; children: ComponentChildren }) {
  return (
    <>
      <dt>{term}</dt>
      <dd>{children}</dd>
    </>
  );
}
