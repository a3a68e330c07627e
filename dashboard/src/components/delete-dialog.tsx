// Asks before a store is deleted: its name (or id) must be typed. The name is
// hostile text: isolated, never read as markup.
import { useId, useState } from "preact/hooks";
import type { StoreView } from "../api/types";
import { useDeleteStore } from "../live/stores";
import { confirms } from "../store/confirmation";
import { words } from "../words";
import { Dialog } from "./dialog";
import { ProblemNote } from "./problem-note";
import { useSubmission } from "./submission";

interface Props {
  store: StoreView;
  onClose: () => void;
  onAccepted: () => void;
  onLateProblem: (title: string, error: unknown) => void;
}

export function DeleteDialog({ store, onClose, onAccepted, onLateProblem }: Props) {
  const [typed, setTyped] = useState("");
  const remove = useDeleteStore();
  const fieldId = useId();

  const confirmed = confirms(typed, store);
  const failed = words.remove.failed(store.name);
  const { busy, problem, dismiss, submit } = useSubmission({
    send: confirmed ? () => remove.ask(store.id) : undefined,
    onDone: onAccepted,
    onLateProblem: (error) => onLateProblem(failed, error),
  });

  return (
    <Dialog title={words.remove.title} onClose={onClose}>
      <form onSubmit={submit}>
        {problem !== undefined && (
          <ProblemNote title={failed} error={problem} onDismiss={dismiss} />
        )}
        <p>{words.remove.text}</p>
        <div class="field">
          <label for={fieldId}>
            {words.remove.typeBefore} <bdi class="to-type">{store.name}</bdi>
            {store.name !== store.id && (
              <>
                {" "}
                {words.remove.orId} <code class="to-type">{store.id}</code>
              </>
            )}{" "}
            {words.remove.typeAfter}
          </label>
          <input
            id={fieldId}
            name="confirmation"
            autocomplete="off"
            autocapitalize="off"
            spellcheck={false}
            value={typed}
            onInput={({ currentTarget }) => setTyped(currentTarget.value)}
          />
        </div>
        <div class="buttons">
          <button type="button" onClick={onClose}>
            {words.close}
          </button>
          <button type="submit" class="danger" disabled={!confirmed}>
            {busy ? words.remove.busy : words.remove.submit}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
