// Asks for a key when the api knows nobody here. The key is sent once and kept
// nowhere in the page.
import { useQueryClient } from "@tanstack/preact-query";
import { useEffect, useId, useState } from "preact/hooks";
import { logIn } from "../api/session";
import { ProblemNote } from "../components/problem-note";
import { useSubmission } from "../components/submission";
import { words } from "../words";

export function LoginPage() {
  const [key, setKey] = useState("");
  const client = useQueryClient();
  const fieldId = useId();
  const wanted = key.trim();
  const { busy, problem, dismiss, submit } = useSubmission({
    send: wanted === "" ? undefined : () => logIn(wanted),
    onDone: () => void client.resetQueries(),
    onLateProblem: () => undefined,
  });

  useEffect(() => {
    document.title = words.login.title;
  }, []);

  return (
    <main>
      <div class="page-head">
        <h1>{words.login.title}</h1>
      </div>
      <form onSubmit={submit} class="login">
        {problem !== undefined && (
          <ProblemNote title={words.login.failed} error={problem} onDismiss={dismiss} />
        )}
        <div class="field">
          <label for={fieldId}>{words.login.label}</label>
          <input
            id={fieldId}
            name="key"
            type="password"
            autocomplete="current-password"
            spellcheck={false}
            value={key}
            aria-describedby={`${fieldId}-hint`}
            onInput={({ currentTarget }) => setKey(currentTarget.value)}
          />
          <p id={`${fieldId}-hint`} class="fine">
            {words.login.hint}
          </p>
        </div>
        <div class="buttons">
          <button type="submit" class="primary" aria-disabled={busy}>
            {busy ? words.login.busy : words.login.submit}
          </button>
        </div>
      </form>
    </main>
  );
}
