// Why something did not work: the cause, what to do next, and what was seen.
import { useId } from "preact/hooks";
import type { Failure } from "../api/types";
import { words } from "../words";

interface Props {
  failure: Failure;
  /** Set where it is not the store's end: shown as a warning, with this. */
  remark?: string | undefined;
}

export function FailureNote({ failure, remark }: Props) {
  const evidence = failure.evidence ?? [];
  const headingId = useId();
  return (
    <section class={`failure ${remark ? "tone-warn" : "tone-bad"}`} aria-labelledby={headingId}>
      <h2 id={headingId}>
        {words.failure.cause} <code>{failure.code}</code>
      </h2>
      <p class="cause">{failure.message}</p>
      {remark && <p class="fine">{remark}</p>}
      <p>
        <strong>{words.failure.next}</strong> {failure.next_action}
      </p>
      {evidence.length > 0 && (
        <details open>
          <summary>
            {words.failure.evidence} ({evidence.length})
          </summary>
          <ul class="evidence">
            {evidence.map(({ kind, object, text }) => (
              <li key={`${kind} ${object} ${text}`}>
                <span class="fine">
                  {kind} <code>{object}</code>
                </span>
                {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard */}
                <pre tabIndex={0}>{text}</pre>
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}
