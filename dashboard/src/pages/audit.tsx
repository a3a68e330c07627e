// The audit of everything: filter, read on, verify, take along.
import { useEffect, useId, useState } from "preact/hooks";
import { AuditProof } from "../components/audit-proof";
import { AuditTable } from "../components/audit-table";
import { Commands } from "../components/commands";
import { Nothing, Page } from "../components/page";
import { Pager } from "../components/pager";
import { useParams } from "../live/address";
import { useAudit } from "../live/audit";
import { useMay } from "../live/whoami";
import { withParams } from "../route";
import { words } from "../words";

export function AuditPage() {
  const [params, setParams] = useParams();
  const may = useMay();
  const storeId = params.get("store_id") ?? undefined;
  const { data, error, seenAt } = useAudit({
    storeId,
    cursor: params.get("cursor") ?? undefined,
  });
  return (
    <Page title={words.audit.title} intro={words.audit.text} looks={[{ error, seenAt }]}>
      {may.giveKeys && <AuditProof />}
      <AuditFilter
        storeId={storeId}
        onFilter={(store_id) => setParams({ store_id, cursor: undefined })}
      />
      {data && data.items.length > 0 && <AuditTable events={data.items} />}
      {data && data.items.length === 0 && (
        <Nothing
          title={storeId ? words.audit.noneOfStore : words.audit.none}
          text={words.audit.noneText}
        />
      )}
      <Pager page={data} onGo={(cursor) => setParams({ cursor })} />
      <Commands
        commands={[
          {
            title: words.audit.title,
            path: withParams("/stores/audit/logs", { store_id: storeId }),
            cli: storeId ? "audit list --store $STORE" : "audit list",
          },
          ...(may.giveKeys
            ? [
                { title: words.audit.verify, path: "/audit/verify", cli: "audit verify" },
                {
                  title: words.audit.download,
                  args: "-o audit.jsonl",
                  path: "/audit/export",
                  cli: "audit export --file audit.jsonl",
                },
              ]
            : []),
        ]}
      />
    </Page>
  );
}

interface FilterProps {
  storeId: string | undefined;
  onFilter: (storeId: string | undefined) => void;
}

function AuditFilter({ storeId, onFilter }: FilterProps) {
  const [typed, setTyped] = useState(storeId ?? "");
  const fieldId = useId();
  useEffect(() => setTyped(storeId ?? ""), [storeId]);
  return (
    <search aria-label={words.audit.filter}>
      <form
        class="filters"
        onSubmit={(event) => {
          event.preventDefault();
          onFilter(typed.trim() || undefined);
        }}
      >
        <div class="field">
          <label for={fieldId}>{words.audit.store}</label>
          <input
            id={fieldId}
            type="search"
            autocomplete="off"
            spellcheck={false}
            placeholder={words.audit.storeHint}
            value={typed}
            onInput={({ currentTarget }) => setTyped(currentTarget.value)}
          />
        </div>
        <button type="submit">{words.audit.apply}</button>
        {storeId && (
          <button type="button" class="quiet" onClick={() => onFilter(undefined)}>
            {words.audit.clear}
          </button>
        )}
      </form>
    </search>
  );
}
