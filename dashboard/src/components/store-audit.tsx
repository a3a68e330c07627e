// The audit of one store.
import { useParams } from "../live/address";
import { useAudit } from "../live/audit";
import { words } from "../words";
import { AuditTable } from "./audit-table";
import { ConnectionBanner } from "./connection-banner";
import { Nothing } from "./page";
import { Pager } from "./pager";

export function StoreAudit({ id }: { id: string }) {
  const [params, setParams] = useParams();
  const { data, error, seenAt } = useAudit({
    storeId: id,
    cursor: params.get("cursor") ?? undefined,
  });
  return (
    <>
      <ConnectionBanner error={error} seenAt={seenAt} />
      {data && data.items.length > 0 && <AuditTable events={data.items} isOfStore />}
      {data && data.items.length === 0 && (
        <Nothing title={words.audit.noneOfStore} text={words.audit.noneText} />
      )}
      <Pager page={data} onGo={(cursor) => setParams({ cursor })} />
    </>
  );
}
