// Rows of the audit: when, who, what, about which store, and what became of it.
// All of it may hold a stranger's words, so all of it goes in as text.
import type { AuditEvent } from "../api/types";
import { exact } from "../format/time";
import { storeAddress } from "../route";
import { words } from "../words";
import { Link } from "./link";

interface Props {
  events: readonly AuditEvent[];
  /** All rows are about the same store, which need not be named in each. */
  isOfStore?: boolean;
}

export function AuditTable({ events, isOfStore = false }: Props) {
  const { at, actor, action, about, outcome, more } = words.audit;
  return (
    // biome-ignore-start lint/a11y/noRedundantRoles: at phone width the table is laid out as blocks, which would drop its roles
    <table role="table" class="plain">
      <caption class="unseen">{words.audit.title}</caption>
      <thead role="rowgroup">
        <tr role="row">
          {[at, action, ...(isOfStore ? [] : [about]), outcome, actor, more].map((title) => (
            <th key={title} role="columnheader" scope="col">
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {events.map((event) => (
          <tr key={event.seq} role="row">
            <td role="cell" data-title={at}>
              <time dateTime={event.at}>{exact(event.at)}</time>
            </td>
            <th role="rowheader" scope="row" data-title={action}>
              <code>{event.action}</code>
            </th>
            {!isOfStore && (
              <td role="cell" data-title={about}>
                {event.store_id && (
                  <Link href={storeAddress(event.store_id)}>
                    <code>{event.store_id}</code>
                  </Link>
                )}
              </td>
            )}
            <td role="cell" data-title={outcome}>
              <span class={`toned tone-${toneOf(event.outcome)}`}>{event.outcome}</span>
            </td>
            <td role="cell" data-title={actor}>
              <bdi>{event.actor}</bdi>
            </td>
            <td role="cell" class="cell-more">
              <More event={event} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
    // biome-ignore-end lint/a11y/noRedundantRoles: see above
  );
}

function More({ event }: { event: AuditEvent }) {
  const { request_id, operation_id, hash, details, seq } = event;
  return (
    <details>
      <summary>#{seq}</summary>
      <dl>
        {request_id && (
          <>
            <dt>{words.audit.request}</dt>
            <dd>
              <code>{request_id}</code>
            </dd>
          </>
        )}
        {operation_id && (
          <>
            <dt>{words.audit.operation}</dt>
            <dd>
              <code>{operation_id}</code>
            </dd>
          </>
        )}
        <dt>{words.audit.hash}</dt>
        <dd>
          <code>{hash}</code>
        </dd>
        <dt>{words.audit.details}</dt>
        <dd>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard */}
          <pre tabIndex={0}>{JSON.stringify(details, null, 2)}</pre>
        </dd>
      </dl>
    </details>
  );
}

function toneOf(outcome: string): string {
  switch (outcome) {
    case "accepted":
    case "succeeded":
      return "good";
    case "refused":
      return "warn";
    default:
      return "bad";
  }
}
