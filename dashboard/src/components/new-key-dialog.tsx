// Asks for a key and shows it, once. It is held by this dialog alone and is gone
// when that is closed.
import { useId, useState } from "preact/hooks";
import { createKey } from "../api/access";
import type { Role } from "../api/types";
import { serverNow } from "../live/clock";
import { useDeed } from "../live/look";
import { words } from "../words";
import { CopyLine } from "./copy-line";
import { Dialog } from "./dialog";
import type { AddNotice } from "./page";
import { ProblemNote } from "./problem-note";
import { useSubmission } from "./submission";

const ROLES: readonly Role[] = ["viewer", "operator", "admin"];
const DAYS = [30, 90, 365];
const DAY_MS = 86_400_000;

interface Props {
  onClose: () => void;
  onLateProblem: AddNotice;
}

export function NewKeyDialog({ onClose, onLateProblem }: Props) {
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const [days, setDays] = useState(90);
  const [made, setMade] = useState<string>();
  const creating = useDeed("access", createKey);
  const fieldId = useId();
  const wanted = name.trim();
  const { busy, problem, dismiss, submit } = useSubmission({
    send:
      wanted === ""
        ? undefined
        : () =>
            creating.ask({
              name: wanted,
              role,
              ...(days > 0
                ? { expires_at: new Date(serverNow() + days * DAY_MS).toISOString() }
                : {}),
            }),
    onDone: ({ key }) => setMade(key ?? ""),
    onLateProblem: (error) => onLateProblem(words.access.createFailed, error),
  });

  if (made !== undefined) {
    return <Shown made={made} onClose={onClose} />;
  }
  return (
    <Dialog title={words.access.newKey} onClose={onClose}>
      <form onSubmit={submit}>
        {problem !== undefined && (
          <ProblemNote title={words.access.createFailed} error={problem} onDismiss={dismiss} />
        )}
        <div class="field">
          <label for={`${fieldId}-name`}>{words.access.name}</label>
          <input
            id={`${fieldId}-name`}
            autocomplete="off"
            maxLength={60}
            aria-describedby={`${fieldId}-hint`}
            value={name}
            onInput={({ currentTarget }) => setName(currentTarget.value)}
          />
          <p id={`${fieldId}-hint`} class="fine">
            {words.access.nameHint}
          </p>
        </div>
        <fieldset>
          <legend>{words.access.role}</legend>
          {ROLES.map((known) => (
            <label key={known} class="tick">
              <input
                type="radio"
                name={`${fieldId}-role`}
                checked={role === known}
                onChange={() => setRole(known)}
              />
              <span>
                {words.role[known]}
                <span class="fine"> {words.access.roleHint[known]}</span>
              </span>
            </label>
          ))}
        </fieldset>
        <div class="field">
          <label for={`${fieldId}-days`}>{words.access.expires}</label>
          <select
            id={`${fieldId}-days`}
            value={days}
            onChange={({ currentTarget }) => setDays(Number(currentTarget.value))}
          >
            {DAYS.map((count) => (
              <option key={count} value={count}>
                {words.access.days(count)}
              </option>
            ))}
            <option value={0}>{words.access.never}</option>
          </select>
        </div>
        <div class="buttons">
          <button type="button" onClick={onClose}>
            {words.close}
          </button>
          <button type="submit" class="primary" disabled={wanted === ""} aria-disabled={busy}>
            {busy ? words.access.creating : words.access.create}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function Shown({ made, onClose }: { made: string; onClose: () => void }) {
  return (
    <Dialog title={words.access.shown} onClose={onClose}>
      <div class="stack">
        <p>{words.access.shownText}</p>
        <CopyLine command={made} label={words.access.theKey} />
        <div class="buttons">
          <button type="button" class="primary" onClick={onClose}>
            {words.access.done}
          </button>
        </div>
      </div>
    </Dialog>
  );
}
