// What of the stores is shown, and in which order. All of it stands in the
// page's address, so that it can be shared and survives a reload.
import { useEffect, useId, useRef, useState } from "preact/hooks";
import type { StoreStatus } from "../api/types";
import { words } from "../words";

/** The parameters of the address that choose stores; the api's own names. */
export const FILTERS = ["status", "include_deleted"] as const;
export type Filter = (typeof FILTERS)[number];

interface Props {
  params: URLSearchParams;
  onChange: (change: Partial<Record<Filter, string | undefined>>) => void;
}

export function StoreFilters({ params, onChange }: Props) {
  const any = FILTERS.some((name) => params.has(name));
  return (
    <search class="filters" aria-label={words.filter.label}>
      <Pick
        label={words.filter.status}
        value={params.get("status") ?? ""}
        options={[
          ["", words.filter.any],
          ...(Object.keys(words.status) as StoreStatus[]).map(
            (status) => [status, words.status[status]] as const,
          ),
        ]}
        onPick={(status) => onChange({ status })}
      />
      <label class="tick">
        <input
          type="checkbox"
          checked={params.get("include_deleted") === "true"}
          onChange={({ currentTarget }) =>
            onChange({ include_deleted: currentTarget.checked ? "true" : undefined })
          }
        />
        {words.filter.deleted}
      </label>
      {any && (
        <button
          type="button"
          class="quiet"
          onClick={() => onChange(Object.fromEntries(FILTERS.map((name) => [name, undefined])))}
        >
          {words.filter.clear}
        </button>
      )}
    </search>
  );
}

interface PickProps {
  label: string;
  value: string;
  options: (readonly [string, string])[];
  onPick: (value: string) => void;
}

export function Pick({ label, value, options, onPick }: PickProps) {
  const fieldId = useId();
  return (
    <div class="field">
      <label for={fieldId}>{label}</label>
      <select
        id={fieldId}
        value={value}
        onChange={({ currentTarget }) => onPick(currentTarget.value)}
      >
        {options.map(([name, shown]) => (
          <option key={name} value={name}>
            {shown}
          </option>
        ))}
      </select>
    </div>
  );
}

const TYPING_MS = 300;

interface TypedProps {
  label: string;
  hint: string;
  value: string;
  onTyped: (value: string) => void;
}

/** A text to look for; it counts once the typing rests, and at Enter. */
export function Typed({ label, hint, value, onTyped }: TypedProps) {
  const fieldId = useId();
  const [text, setText] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout>>();
  useEffect(() => setText(value), [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  return (
    <div class="field">
      <label for={fieldId}>{label}</label>
      <input
        id={fieldId}
        type="search"
        autocomplete="off"
        spellcheck={false}
        placeholder={hint}
        value={text}
        onInput={({ currentTarget }) => {
          setText(currentTarget.value);
          clearTimeout(timer.current);
          timer.current = setTimeout(onTyped, TYPING_MS, currentTarget.value.trim());
        }}
        onKeyDown={({ key, currentTarget }) => {
          if (key === "Enter") {
            clearTimeout(timer.current);
            onTyped(currentTarget.value.trim());
          }
        }}
      />
    </div>
  );
}
