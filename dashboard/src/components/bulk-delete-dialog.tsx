// Asks before many stores are deleted: their number must be typed.
import { useId, useState } from "preact/hooks";
import { words } from "../words";
import { Dialog } from "./dialog";

interface Props {
  count: number;
  onClose: () => void;
  onConfirm: () => void;
}

export function BulkDeleteDialog({ count, onClose, onConfirm }: Props) {
  const [typed, setTyped] = useState("");
  const fieldId = useId();
  const confirmed = typed.trim() === String(count);
  return (
    <Dialog title={words.bulk.removeTitle(count)} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (confirmed) {
            onConfirm();
          }
        }}
      >
        <p>{words.bulk.removeText}</p>
        <div class="field">
          <label for={fieldId}>{words.bulk.typeCount(count)}</label>
          <input
            id={fieldId}
            inputMode="numeric"
            autocomplete="off"
            value={typed}
            onInput={({ currentTarget }) => setTyped(currentTarget.value)}
          />
        </div>
        <div class="buttons">
          <button type="button" onClick={onClose}>
            {words.close}
          </button>
          <button type="submit" class="danger" disabled={!confirmed}>
            {words.bulk.removeSubmit}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
