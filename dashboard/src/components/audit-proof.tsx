// Whether the audit's chain holds, asked for at a press of a button, and the
// audit as a signed file. The result stays until it is asked for again.
import { useState } from "preact/hooks";
import type { Verification } from "../api/types";
import { verifyChain } from "../live/audit";
import { words } from "../words";
import { Alert, Check } from "./icons";
import { ProblemNote } from "./problem-note";

export function AuditProof() {
  const [found, setFound] = useState<Verification>();
  const [problem, setProblem] = useState<unknown>();
  const [busy, setBusy] = useState(false);

  const verify = async () => {
    if (busy) {
      return;
    }
    setBusy(true);
    setProblem(undefined);
    setFound(undefined);
    try {
      setFound(await verifyChain());
    } catch (error) {
      setProblem(error);
    } finally {
      setBusy(false);
    }
  };

  return (
    <section class="proof" aria-label={words.audit.proof}>
      <div class="buttons-left">
        <button type="button" aria-disabled={busy} onClick={verify}>
          <Check />
          {busy ? words.audit.verifying : words.audit.verify}
        </button>
        <a class="button" href="/audit/export" download="audit.jsonl">
          {words.audit.download}
        </a>
      </div>
      {problem !== undefined && (
        <ProblemNote
          title={words.audit.verifyFailed}
          error={problem}
          onDismiss={() => setProblem(undefined)}
        />
      )}
      <div role="status">{found && <Found found={found} />}</div>
    </section>
  );
}

function Found({ found }: { found: Verification }) {
  const { valid, complete, rows, head, checked_to, first_bad } = found;
  return (
    <div class={`note ${valid ? "tone-good" : "tone-bad"}`}>
      {valid ? <Check /> : <Alert />}
      <div class="note-body">
        <strong>
          {first_bad && `${words.audit.broken(first_bad.seq)} ${first_bad.reason}`}
          {!first_bad && (complete ? words.audit.valid(rows) : words.audit.partly(rows, head.seq))}
        </strong>
        <p>
          {words.audit.keep}{" "}
          <code>
            head_seq={checked_to.seq} head_hash={checked_to.hash}
          </code>
        </p>
      </div>
    </div>
  );
}
