// The last lines of one container, renewed while they are looked at. A log is its
// program's words, put in as text.
import { useEffect, useRef, useState } from "preact/hooks";
import { useLogs } from "../live/inside";
import { words } from "../words";
import { ConnectionBanner } from "./connection-banner";
import { Dialog } from "./dialog";

interface Props {
  id: string;
  pod: string;
  container: string;
  /** There was a run before this one. */
  hasPrevious: boolean;
  onClose: () => void;
}

export function LogsDialog({ id, pod, container, hasPrevious, onClose }: Props) {
  const [previous, setPrevious] = useState(false);
  const { data, error, seenAt } = useLogs(id, { pod, container, previous });
  const text = data?.logs.map((log) => log.text).join("");
  const end = useRef<HTMLPreElement>(null);
  useEffect(() => {
    // The newest line is the last one.
    if (end.current) {
      end.current.scrollTop = end.current.scrollHeight;
    }
  }, [text]);
  return (
    <Dialog title={words.inside.logsOf(container, pod)} onClose={onClose}>
      <div class="logs">
        <ConnectionBanner error={error} seenAt={seenAt} />
        {hasPrevious && (
          <label class="tick">
            <input
              type="checkbox"
              checked={previous}
              onChange={({ currentTarget }) => setPrevious(currentTarget.checked)}
            />
            {words.inside.previous}
          </label>
        )}
        {text === undefined && !error && <p class="fine">{words.inside.loading}</p>}
        {text === "" && <p class="fine">{words.inside.silent}</p>}
        {text && (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
          <pre ref={end} tabIndex={0}>
            {text}
          </pre>
        )}
        <div class="buttons">
          <button type="button" onClick={onClose}>
            {words.inside.close}
          </button>
        </div>
      </div>
    </Dialog>
  );
}
