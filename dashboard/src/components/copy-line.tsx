// A command to copy. The button says when it is done; where the browser gives
// no clipboard, the command is selected instead.
import { useEffect, useRef, useState } from "preact/hooks";
import { words } from "../words";

export function CopyLine({ command, label }: { command: string; label: string }) {
  const line = useRef<HTMLElement>(null);
  const [copied, setCopied] = useState(false);

  useEffect(() => {
    if (!copied) {
      return;
    }
    const timer = setTimeout(() => setCopied(false), 2_000);
    return () => clearTimeout(timer);
  }, [copied]);

  const copy = async () => {
    try {
      await navigator.clipboard.writeText(command);
      setCopied(true);
    } catch {
      if (line.current) {
        getSelection()?.selectAllChildren(line.current);
      }
    }
  };

  return (
    <div class="copy-line">
      <code ref={line}>{command}</code>
      <button type="button" class="quiet" aria-label={`${words.copy}: ${label}`} onClick={copy}>
        {copied ? words.copied : words.copy}
      </button>
      <span class="unseen" role="status">
        {copied ? words.copied : ""}
      </span>
    </div>
  );
}
