// What of the stores is shown, and in which order. All of it stands in the
// page's address, so that it can be shared and survives a reload.
import { useEffect, useId, useRef, useState } from "preact/hooks";
import type { Health, ListQuery, StoreStatus } from "../api/types";
import { PLANS } from "../store/settings";
import { words } from "../words";

/** The parameters of the address that choose and sort stores; the api's own names. */
export const FILTERS = [
  "q",
  "status",
  "health",
  "plan",
  "label",
  "include_deleted",
  "sort",
] as const satisfies readonly (keyof ListQuery)[];
export type Filter = (typeof FILTERS)[number];
type Change = Partial<Record<Filter, string | undefined>>;

const HEALTH: readonly Health[] = ["Healthy", "Degraded", "Unknown"];

interface Props {
  params: URLSearchParams;
  onChange: (change: Change) => void;
}

export function StoreFilters({ params, onChange }: Props) {
  const value = (name: Filter) => params.get(name) ?? "";
  const any = FILTERS.some((name) => params.has(name));
  const isSearch = value("q") !== "";
  return (
    <search class="filters" aria-label={words.filter.label}>
      <Typed
        label={words.filter.text}
        hint={words.filter.textHint}
        value={value("q")}
        onTyped={(q) => onChange(searchFor(q, value("status")))}
      />
      <Pick
        label={words.filter.status}
        value={value("status")}
        options={anyOr(statuses(isSearch))}
        onPick={(status) => onChange({ status })}
      />
      <Pick
        label={words.filter.health}
        value={value("health")}
        options={anyOr(HEALTH.map((health) => [health, words.health[health]]))}
        onPick={(health) => onChange({ health })}
      />
      <Pick
        label={words.filter.plan}
        value={value("plan")}
        options={anyOr(PLANS.map((plan) => [plan, plan]))}
        onPick={(plan) => onChange({ plan })}
      />
      <Typed
        label={words.filter.labelled}
        hint={words.filter.labelledHint}
        value={value("label")}
        onTyped={(label) => onChange({ label })}
      />
      {!isSearch && (
        <>
          <Pick
            label={words.filter.sort}
            value={value("sort") || "-created_at"}
            options={Object.entries(words.filter.sorts)}
            onPick={(sort) => onChange({ sort: sort === "-created_at" ? undefined : sort })}
          />
          <label class="tick">
            <input
              type="checkbox"
              checked={value("include_deleted") === "true"}
              onChange={({ currentTarget }) =>
                onChange({ include_deleted: currentTarget.checked ? "true" : undefined })
              }
            />
            {words.filter.deleted}
          </label>
        </>
      )}
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

/** A search has an order of its own and does not find what is deleted. */
function searchFor(q: string, status: string): Change {
  return {
    ...{ q, sort: undefined, include_deleted: undefined },
    ...(status === "Deleted" ? { status: undefined } : {}),
  };
}

function statuses(isSearch: boolean): (readonly [string, string])[] {
  const all = Object.keys(words.status) as StoreStatus[];
  return all
    .filter((status) => !(isSearch && status === "Deleted"))
    .map((status) => [status, words.status[status]]);
}

function anyOr(options: (readonly [string, string])[]): (readonly [string, string])[] {
  return [["", words.filter.any], ...options];
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
