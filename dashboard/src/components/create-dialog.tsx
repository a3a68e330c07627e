// Asks for a new store: one field, which may stay empty. An error stays in the
// dialog; one that comes after the dialog was closed goes to the page.
import { useId, useRef, useState } from "preact/hooks";
import { Problem } from "../api/problem";
import type { StoreView } from "../api/types";
import { useCreateStore } from "../live/stores";
import { words } from "../words";
import { Dialog } from "./dialog";
import { ProblemNote } from "./problem-note";
import { useSubmission } from "./submission";

const MAX_CHARS = 60;

interface Props {
  onClose: () => void;
  onCreated: (store: StoreView) => void;
  onLateProblem: (title: string, error: unknown) => void;
}

export function CreateDialog({ onClose, onCreated, onLateProblem }: Props) {
  const [name, setName] = useState("");
  const create = useCreateStore();
  const key = useRef(newKey());
  const fieldId = useId();

  const wish = name.trim();
  const chars = [...wish].length;
  const { busy, problem, dismiss, submit } = useSubmission({
    send:
      chars > MAX_CHARS ? undefined : () => create.ask({ name: wish, idempotencyKey: key.current }),
    onDone: onCreated,
    onLateProblem: (error) => onLateProblem(words.create.failed, error),
  });
  const complaint = chars > MAX_CHARS ? words.create.tooLong(chars) : nameComplaint(problem);

  return (
    <Dialog title={words.create.title} onClose={onClose}>
      <form onSubmit={submit}>
        {problem !== undefined && (
          <ProblemNote title={words.create.failed} error={problem} onDismiss={dismiss} />
        )}
        <div class="field">
          <label for={fieldId}>{words.create.label}</label>
          <input
            id={fieldId}
            name="name"
            autocomplete="off"
            spellcheck={false}
            value={name}
            aria-invalid={complaint !== undefined}
            aria-describedby={`${fieldId}-hint`}
            onInput={({ currentTarget }) => {
              setName(currentTarget.value);
              key.current = newKey();
            }}
          />
          <p id={`${fieldId}-hint`} class={complaint ? "fine bad" : "fine"}>
            {complaint ?? words.create.hint}
          </p>
        </div>
        <div class="buttons">
          <button type="button" onClick={onClose}>
            {words.close}
          </button>
          <button type="submit" class="primary" aria-disabled={busy}>
            {busy ? words.create.busy : words.create.submit}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function nameComplaint(problem: unknown): string | undefined {
  return problem instanceof Problem
    ? problem.fields.find(({ pointer }) => pointer === "/name")?.detail
    : undefined;
}

/** 128 random bits; `randomUUID` is not there on plain http beyond localhost. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}
