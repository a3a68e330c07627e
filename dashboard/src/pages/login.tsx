// Asks for a key when the api knows nobody here. The key is sent once and kept
// nowhere in the page.
import { useId, useState } from "preact/hooks";
import { logIn } from "../api/session";
import { Commands } from "../components/commands";
import { Page } from "../components/page";
import { ProblemNote } from "../components/problem-note";
import { useSubmission } from "../components/submission";
import { useAnswers } from "../live/look";
import { words } from "../words";

export function LoginPage() {
  const [key, setKey] = useState("");
  const answers = useAnswers();
  const fieldId = useId();
  const wanted = key.trim();
  const { busy, problem, dismiss, submit } = useSubmission({
    send: wanted === "" ? undefined : () => logIn(wanted),
    onDone: () => void answers.reset(),
    onLateProblem: () => undefined,
  });

  return (
    <Page title={words.login.title} looks={[]}>
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
      <Commands
        commands={[
          { title: words.login.title, path: "/whoami", cli: `login --server ${location.origin}` },
        ]}
      />
    </Page>
  );
}
