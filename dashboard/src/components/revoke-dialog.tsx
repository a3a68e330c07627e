// Asks before a key is taken back: it works nowhere any more at once.
import { revokeKey } from "../api/access";
import type { Key } from "../api/types";
import { useDeed } from "../live/look";
import { words } from "../words";
import { Dialog } from "./dialog";
import type { AddNotice } from "./page";
import { ProblemNote } from "./problem-note";
import { useSubmission } from "./submission";

interface Props {
  of: Key;
  onClose: () => void;
  onLateProblem: AddNotice;
}

export function RevokeDialog({ of: { id, name, prefix }, onClose, onLateProblem }: Props) {
  const revoking = useDeed("access", revokeKey);
  const { busy, problem, dismiss, submit } = useSubmission({
    send: () => revoking.ask(id),
    onDone: onClose,
    onLateProblem: (error) => onLateProblem(words.access.revokeFailed, error),
  });
  return (
    <Dialog title={words.access.revokeTitle} onClose={onClose}>
      <form onSubmit={submit}>
        {problem !== undefined && (
          <ProblemNote title={words.access.revokeFailed} error={problem} onDismiss={dismiss} />
        )}
        <p>
          <bdi class="name">{name}</bdi> <code>{prefix}…</code>
        </p>
        <p>{words.access.revokeText}</p>
        <div class="buttons">
          <button type="button" onClick={onClose}>
            {words.close}
          </button>
          <button type="submit" class="danger" aria-disabled={busy}>
            {busy ? words.access.revoking : words.access.revoke}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
