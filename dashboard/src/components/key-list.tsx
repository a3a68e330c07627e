// The keys of a tenant: what each may, when it was used, and the way to take it
// back. A new one is shown once, in its dialog.
import { useState } from "preact/hooks";
import type { Key, KeyPage } from "../api/types";
import { ago, exact } from "../format/time";
import { useParams } from "../live/address";
import { useNow } from "../live/clock";
import { useLook } from "../live/look";
import { useMay } from "../live/whoami";
import { withParams } from "../route";
import { say, words } from "../words";
import { ConnectionBanner } from "./connection-banner";
import { Key as KeySign } from "./icons";
import { NewKeyDialog } from "./new-key-dialog";
import { type AddNotice, Nothing } from "./page";
import { Pager } from "./pager";
import { RevokeDialog } from "./revoke-dialog";

export function KeyList({ onProblem }: { onProblem: AddNotice }) {
  const [params, setParams] = useParams();
  const { data, error, seenAt } = useLook<KeyPage>(
    "access",
    withParams("/keys", { limit: "20", cursor: params.get("cursor") ?? undefined }),
  );
  const [creating, setCreating] = useState(false);
  const [doomed, setDoomed] = useState<Key>();
  const may = useMay();
  const now = useNow(10_000);
  return (
    <section class="part" aria-labelledby="keys">
      <ConnectionBanner error={error} seenAt={seenAt} />
      <div class="part-head">
        <div>
          <h2 id="keys">{words.access.keys}</h2>
          <p class="fine">{words.access.keysText}</p>
        </div>
        {may.giveKeys && (
          <button type="button" class="primary" onClick={() => setCreating(true)}>
            <KeySign />
            {words.access.newKey}
          </button>
        )}
      </div>
      {data && data.items.length === 0 && (
        <Nothing title={words.access.noKeys} text={words.access.noKeysText} />
      )}
      {data && data.items.length > 0 && (
        <KeyTable keys={data.items} now={now} onRevoke={setDoomed} />
      )}
      <Pager page={data} onGo={(cursor) => setParams({ cursor })} />
      {creating && <NewKeyDialog onClose={() => setCreating(false)} onLateProblem={onProblem} />}
      {doomed && (
        <RevokeDialog of={doomed} onClose={() => setDoomed(undefined)} onLateProblem={onProblem} />
      )}
    </section>
  );
}

const TONE: Record<Key["status"], string> = { Active: "good", Expired: "warn", Revoked: "calm" };

interface TableProps {
  keys: readonly Key[];
  now: number;
  onRevoke: (key: Key) => void;
}

function KeyTable({ keys, now, onRevoke }: TableProps) {
  const { name, role, status, used, actions } = words.access;
  return (
    // biome-ignore-start lint/a11y/noRedundantRoles: at phone width the table is laid out as blocks, which would drop its roles
    <table role="table" class="plain">
      <caption class="unseen">{words.access.keys}</caption>
      <thead role="rowgroup">
        <tr role="row">
          {[name, role, status, used].map((title) => (
            <th key={title} role="columnheader" scope="col">
              {title}
            </th>
          ))}
          <th role="columnheader" scope="col">
            <span class="unseen">{actions}</span>
          </th>
        </tr>
      </thead>
      <tbody role="rowgroup">
        {keys.map((key) => (
          <tr key={key.id} role="row">
            <th role="rowheader" scope="row" data-title={name}>
              <bdi class="name">{key.name}</bdi>
              <code class="id">{key.prefix}…</code>
              <span class="fine">
                <bdi>{words.access.by(key.created_by)}</bdi>
              </span>
            </th>
            <td role="cell" data-title={role}>
              {say(words.role, key.role)}
            </td>
            <td role="cell" data-title={status}>
              <span class={`toned tone-${TONE[key.status] ?? "calm"}`}>
                {say(words.keyStatus, key.status)}
              </span>
              {key.expires_at && (
                <span class="fine"> {words.access.ends(exact(key.expires_at))}</span>
              )}
            </td>
            <td role="cell" data-title={used}>
              {key.last_used_at ? (
                <time dateTime={key.last_used_at} title={exact(key.last_used_at)}>
                  {ago(key.last_used_at, now)}
                </time>
              ) : (
                words.access.notUsed
              )}
            </td>
            <td role="cell" class="cell-actions">
              {key.status === "Active" && (
                <button
                  type="button"
                  class="quiet"
                  aria-label={words.access.revokeNamed(key.name)}
                  onClick={() => onRevoke(key)}
                >
                  {words.access.revoke}
                </button>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
    // biome-ignore-end lint/a11y/noRedundantRoles: see above
  );
}
