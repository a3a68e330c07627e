// Times and durations as people read them, in the page's language. The caller
// brings "now".
import { words } from "../words";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const two = (count: number) => String(count).padStart(2, "0");

/** A span that is over: `0.4 s`, `12.3 s`, `1 min 05 s`, `2 h 03 min`. */
export function duration(ms: number): string {
  if (ms < 50) {
    return "0.0 s";
  }
  const tenths = Math.round(ms / 100);
  return tenths < 600 ? `${(tenths / 10).toFixed(1)} s` : elapsed(Math.round(ms / SECOND) * SECOND);
}

/** A span that still runs, in whole seconds: `12 s`, `1 min 05 s`, `2 h 03 min`. */
export function elapsed(ms: number): string {
  const seconds = Math.floor(Math.max(0, ms) / SECOND);
  if (seconds < 60) {
    return `${seconds} s`;
  }
  if (seconds < 3_600) {
    return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
  }
  return `${Math.floor(seconds / 3_600)} h ${two(Math.floor((seconds % 3_600) / 60))} min`;
}

const DATE = { day: "numeric", month: "short", year: "numeric" } as const;
const TIME = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" } as const;

/** The writers of one language, made once. */
const writers = new Map<string, ReturnType<typeof newWriters>>();
function newWriters(tag: string) {
  return {
    relative: new Intl.RelativeTimeFormat(tag, { numeric: "always" }),
    day: new Intl.DateTimeFormat(tag, DATE),
    moment: new Intl.DateTimeFormat(tag, { ...DATE, ...TIME }),
    clock: new Intl.DateTimeFormat(tag, TIME),
  };
}
function writer() {
  const known = writers.get(words.tag) ?? newWriters(words.tag);
  writers.set(words.tag, known);
  return known;
}

/** How long ago: `just now`, `12 minutes ago`, `3 days ago`; a date after 30 days. */
export function ago(stamp: string, now: number): string {
  const past = now - Date.parse(stamp);
  if (Number.isNaN(past)) {
    return "";
  }
  if (past < 10 * SECOND) {
    return words.justNow;
  }
  for (const [unit, size, limit] of [
    ["second", SECOND, MINUTE],
    ["minute", MINUTE, HOUR],
    ["hour", HOUR, DAY],
    ["day", DAY, 30 * DAY],
  ] as const) {
    if (past < limit) {
      return writer().relative.format(-Math.floor(past / size), unit);
    }
  }
  return writer().day.format(Date.parse(stamp));
}

/** Date and time to the second, in the reader's zone. */
export function exact(stamp: string): string {
  const at = Date.parse(stamp);
  return Number.isNaN(at) ? "" : writer().moment.format(at);
}

/** The time of day, in the reader's zone. */
export function timeOfDay(at: number): string {
  return writer().clock.format(at);
}
