// Who looks, in which language and in which colours; and the way out. It opens
// as the browser's own popover: Escape and a click beside it close it.
import { useId, useState } from "preact/hooks";
import { logOut } from "../api/session";
import type { Whoami } from "../api/types";
import { useAnswers } from "../live/look";
import { language, setLanguage, setTheme, THEMES, theme } from "../preferences";
import { LANGUAGES, type Language, say, words } from "../words";
import { Person } from "./icons";

interface Props {
  me: Whoami | undefined;
  /** Language or theme are other ones now: draw anew. */
  onPreference: () => void;
  onProblem: (title: string, error: unknown) => void;
}

export function Preferences({ me, onPreference, onProblem }: Props) {
  const panelId = useId();
  return (
    <>
      <button type="button" class="quiet preferences-button" popovertarget={panelId}>
        <Person />
        <span class="preferences-word">{words.frame.preferences}</span>
      </button>
      <div id={panelId} popover="auto" class="preferences">
        {me && <Identity me={me} />}
        <Choice
          label={words.frame.language}
          value={language()}
          options={Object.entries(LANGUAGES).map(([tag, says]) => [tag, says.language])}
          onChoose={(tag) => {
            setLanguage(tag as Language);
            onPreference();
          }}
        />
        <Choice
          label={words.frame.theme}
          value={theme()}
          options={THEMES.map((name) => [name, words.frame.themes[name]])}
          onChoose={(name) => {
            setTheme(THEMES.find((known) => known === name) ?? "system");
            onPreference();
          }}
        />
        <a href="/docs">{words.frame.docs}</a>
        {me?.means === "session" && <LogOut onProblem={onProblem} />}
      </div>
    </>
  );
}

function Identity({ me }: { me: Whoami }) {
  return (
    <dl>
      <dt>{words.frame.tenant}</dt>
      <dd>
        <bdi>{me.tenant.name}</bdi>
      </dd>
      <dt>{words.frame.role}</dt>
      <dd>{say(words.role, me.role)}</dd>
      {me.means === "local" && <dd class="fine wide">{words.frame.local}</dd>}
    </dl>
  );
}

interface ChoiceProps {
  label: string;
  value: string;
  options: (readonly [string, string])[];
  onChoose: (value: string) => void;
}

function Choice({ label, value, options, onChoose }: ChoiceProps) {
  const fieldId = useId();
  return (
    <div class="field">
      <label for={fieldId}>{label}</label>
      <select id={fieldId} value={value} onChange={(event) => onChoose(event.currentTarget.value)}>
        {options.map(([name, shown]) => (
          <option key={name} value={name}>
            {shown}
          </option>
        ))}
      </select>
    </div>
  );
}

function LogOut({ onProblem }: Pick<Props, "onProblem">) {
  const answers = useAnswers();
  const [busy, setBusy] = useState(false);
  const press = async () => {
    if (busy) {
      return;
    }
    setBusy(true);
    try {
      await logOut();
      await answers.reset();
    } catch (error) {
      onProblem(words.frame.logOutFailed, error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <button type="button" aria-disabled={busy} onClick={press}>
      {words.frame.logOut}
    </button>
  );
}
