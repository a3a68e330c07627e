// Everything that was ever done about a store, newest first; each opens to its
// steps and, where it came to nothing, to the cause.
import type { OperationView } from "../api/types";
import { useParams } from "../live/address";
import { useOperations } from "../live/stores";
import { say, words } from "../words";
import { FailureNote } from "./failure-note";
import { Chevron } from "./icons";
import { Nothing } from "./page";
import { Pager } from "./pager";
import { StepTimeline } from "./step-timeline";
import { Age, outcome } from "./store-detail";

interface Props {
  id: string;
  now: number;
}

export function StoreOperations({ id, now }: Props) {
  const [params, setParams] = useParams();
  const { data } = useOperations(id, params.get("cursor") ?? undefined);
  if (data && data.items.length === 0) {
    return <Nothing title={words.store.section.operations} text={words.store.noOperations} />;
  }
  return (
    <>
      <ul class="operations">
        {data?.items.map((operation) => (
          <Operation key={operation.id} operation={operation} now={now} />
        ))}
      </ul>
      <Pager page={data} onGo={(cursor) => setParams({ cursor })} />
    </>
  );
}

const TONE: Partial<Record<OperationView["status"], string>> = {
  Succeeded: "good",
  Running: "busy",
  Failed: "bad",
};

function Operation({ operation, now }: { operation: OperationView; now: number }) {
  const { kind, status, failure, created_at } = operation;
  return (
    <li class="card">
      <details>
        <summary>
          <Chevron />
          <strong class={`toned tone-${TONE[status] ?? "calm"}`}>{say(words.kind, kind)}</strong>
          <span class="fine">{outcome(operation, now)}</span>
          <span class="fine">
            <Age at={created_at} now={now} />
          </span>
        </summary>
        {failure && <FailureNote failure={failure} />}
        <StepTimeline operation={operation} now={now} />
        <p class="fine">
          {words.audit.operation} <code>{operation.id}</code>
        </p>
      </details>
    </li>
  );
}
