// Says that somebody else changed the settings while they were edited here: what is at
// odds, as it is now, and the way to take it over. Names and labels are put in as text.
import type { Settings } from "../store/settings";
import { words } from "../words";
import { Alert } from "./icons";

interface Props {
  others: Partial<Pick<Settings, "name" | "plan" | "labels">>;
  onTakeOver: () => void;
}

export function OthersNote({ others, onTakeOver }: Props) {
  return (
    <div class="note tone-warn" role="alert">
      <Alert />
      <div class="note-body">
        <strong>{words.settings.others}</strong>
        {Object.entries(others).map(([part, is]) => (
          <p key={part}>
            {words.settings[part as keyof typeof others]}: <bdi>{is || words.settings.none}</bdi>
          </p>
        ))}
        <p>{words.settings.othersText}</p>
        <div class="buttons">
          <button
            type="button"
            onClick={({ currentTarget }) => {
              // The button goes; what is taken over stands in the fields.
              currentTarget.form?.querySelector<HTMLElement>(":enabled:not(button)")?.focus();
              onTakeOver();
            }}
          >
            {words.settings.takeOver}
          </button>
        </div>
      </div>
    </div>
  );
}
