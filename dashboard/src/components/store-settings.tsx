// The settings of a store: name, plan, labels, deletion protection. Only what was
// edited is sent; what came of it is said and stays.
import { useId, useState } from "preact/hooks";
import { isOutdated } from "../api/problem";
import type { StoreView } from "../api/types";
import { useChangeStore } from "../live/stores";
import { useMay } from "../live/whoami";
import { atOdds, changeOf, type Edit, follow, PLANS, type Settings } from "../store/settings";
import { isChangeable } from "../store/wishes";
import { words } from "../words";
import { OthersNote } from "./others-note";
import { ProblemNote } from "./problem-note";
import { useSubmission } from "./submission";

export function StoreSettings({ store }: { store: StoreView }) {
  const [edited, setEdited] = useState<Edit>();
  const [done, setDone] = useState("");
  const changing = useChangeStore();
  const may = useMay();

  // What nobody edits here shows what the store is.
  const form = follow(edited, store);
  const wanted = changeOf(form);
  const change = "change" in wanted ? wanted.change : undefined;
  const { busy, problem, dismiss, submit } = useSubmission({
    send: change && (() => changing.ask({ store, change })),
    onDone: ({ status }) => {
      setEdited(undefined);
      setDone(status === store.status ? words.settings.saved : words.settings.started);
    },
    onLateProblem: () => undefined,
  });
  const edit = (part: Partial<Settings>) => {
    setEdited({ was: form.was, now: { ...form.now, ...part } });
    setDone("");
  };
  const takeOver = () => {
    setEdited(undefined);
    dismiss();
  };
  const isClosed = !isChangeable(store);
  const isLate = isOutdated(problem);
  const others = atOdds(form, store);

  return (
    <form class="card settings" onSubmit={submit}>
      {!may.change && <p class="fine">{words.settings.readOnly}</p>}
      {may.change && isClosed && <p class="fine">{words.settings.closed}</p>}
      {problem !== undefined && !isLate && (
        <ProblemNote title={words.settings.failed} error={problem} onDismiss={dismiss} />
      )}
      {(isLate || Object.keys(others).length > 0) && (
        <OthersNote others={others} onTakeOver={takeOver} />
      )}
      <Fields
        settings={form.now}
        edit={edit}
        isClosed={!may.change || isClosed}
        isReadOnly={!may.change}
        bad={"bad" in wanted ? wanted.bad : undefined}
      />
      {may.change && (
        <div class="buttons">
          <span role="status" class="fine">
            {done || (edited && !change && !("bad" in wanted) && words.settings.unchanged)}
          </span>
          <button type="submit" class="primary" disabled={!change} aria-disabled={busy}>
            {busy ? words.settings.busy : words.settings.submit}
          </button>
        </div>
      )}
    </form>
  );
}

interface FieldsProps {
  settings: Settings;
  edit: (part: Partial<Settings>) => void;
  /** Name and plan cannot be changed now; the others can be, in any status. */
  isClosed: boolean;
  isReadOnly: boolean;
  bad: string | undefined;
}

function Fields({ settings, edit, isClosed, isReadOnly, bad }: FieldsProps) {
  const fieldId = useId();
  return (
    <>
      <div class="field">
        <label for={`${fieldId}-name`}>{words.settings.name}</label>
        <input
          id={`${fieldId}-name`}
          autocomplete="off"
          disabled={isClosed}
          value={settings.name}
          onInput={({ currentTarget }) => edit({ name: currentTarget.value })}
        />
      </div>
      <div class="field">
        <label for={`${fieldId}-plan`}>{words.settings.plan}</label>
        <select
          id={`${fieldId}-plan`}
          disabled={isClosed}
          aria-describedby={`${fieldId}-plan-hint`}
          value={settings.plan}
          onChange={({ currentTarget }) =>
            edit({ plan: PLANS.find((plan) => plan === currentTarget.value) ?? settings.plan })
          }
        >
          {PLANS.map((plan) => (
            <option key={plan}>{plan}</option>
          ))}
        </select>
        <p id={`${fieldId}-plan-hint`} class="fine">
          {words.settings.planHint}
        </p>
      </div>
      <div class="field">
        <label for={`${fieldId}-labels`}>{words.settings.labels}</label>
        <textarea
          id={`${fieldId}-labels`}
          rows={3}
          spellcheck={false}
          disabled={isReadOnly}
          aria-invalid={bad !== undefined}
          aria-describedby={`${fieldId}-labels-hint`}
          value={settings.labels}
          onInput={({ currentTarget }) => edit({ labels: currentTarget.value })}
        />
        <p id={`${fieldId}-labels-hint`} class={bad === undefined ? "fine" : "fine bad"}>
          {bad === undefined ? words.settings.labelsHint : words.settings.labelsBad(bad)}
        </p>
      </div>
      <div class="field">
        <label class="tick">
          <input
            type="checkbox"
            disabled={isReadOnly}
            aria-describedby={`${fieldId}-protection-hint`}
            checked={settings.deletionProtection}
            onChange={({ currentTarget }) => edit({ deletionProtection: currentTarget.checked })}
          />
          {words.settings.protection}
        </label>
        <p id={`${fieldId}-protection-hint`} class="fine">
          {words.settings.protectionHint}
        </p>
      </div>
    </>
  );
}
