// The tenants and how much each may have; for who runs the platform alone.
import { useState } from "preact/hooks";
import type { Tenant, TenantPage } from "../api/types";
import { exact } from "../format/time";
import { useParams } from "../live/address";
import { useLook } from "../live/look";
import { withParams } from "../route";
import { words } from "../words";
import { ConnectionBanner } from "./connection-banner";
import { Plus } from "./icons";
import type { AddNotice } from "./page";
import { Pager } from "./pager";
import { TenantDialog } from "./tenant-dialog";

export function TenantList({ onProblem }: { onProblem: AddNotice }) {
  const [params, setParams] = useParams();
  const { data, error, seenAt } = useLook<TenantPage>(
    "access",
    withParams("/tenants", { limit: "20", cursor: params.get("tenants") ?? undefined }),
  );
  const [asking, setAsking] = useState<Tenant | "new">();
  const { tenant, maxStores, maxOperations, made, usual, limits } = words.access;
  return (
    <section class="part" aria-labelledby="tenants">
      <ConnectionBanner error={error} seenAt={seenAt} />
      <div class="part-head">
        <div>
          <h2 id="tenants">{words.access.tenants}</h2>
          <p class="fine">{words.access.tenantsText}</p>
        </div>
        <button type="button" onClick={() => setAsking("new")}>
          <Plus />
          {words.access.newTenant}
        </button>
      </div>
      {/* biome-ignore-start lint/a11y/noRedundantRoles: at phone width the table is laid out as blocks, which would drop its roles */}
      <table role="table" class="plain">
        <caption class="unseen">{words.access.tenants}</caption>
        <thead role="rowgroup">
          <tr role="row">
            {[tenant, maxStores, maxOperations, made].map((title) => (
              <th key={title} role="columnheader" scope="col">
                {title}
              </th>
            ))}
            <th role="columnheader" scope="col">
              <span class="unseen">{words.access.actions}</span>
            </th>
          </tr>
        </thead>
        <tbody role="rowgroup">
          {data?.items.map((one) => (
            <tr key={one.id} role="row">
              <th role="rowheader" scope="row" data-title={tenant}>
                <bdi class="name">{one.name}</bdi>
                <code class="id">{one.id}</code>
              </th>
              <td role="cell" data-title={maxStores}>
                {one.limits.max_stores ?? <span class="fine">{usual}</span>}
              </td>
              <td role="cell" data-title={maxOperations}>
                {one.limits.max_operations ?? <span class="fine">{usual}</span>}
              </td>
              <td role="cell" data-title={made}>
                <time dateTime={one.created_at}>{exact(one.created_at)}</time>
              </td>
              <td role="cell" class="cell-actions">
                <button
                  type="button"
                  class="quiet"
                  aria-label={words.access.limitsOf(one.name)}
                  onClick={() => setAsking(one)}
                >
                  {limits}
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {/* biome-ignore-end lint/a11y/noRedundantRoles: see above */}
      <Pager page={data} onGo={(cursor) => setParams({ tenants: cursor })} />
      {asking && (
        <TenantDialog
          tenant={asking === "new" ? undefined : asking}
          onClose={() => setAsking(undefined)}
          onLateProblem={onProblem}
        />
      )}
    </section>
  );
}
