// The api's answers, kept while the page is open: each path is asked for once
// however many parts of the page look at it, again and again while somebody
// does and the tab is visible, and forgotten some time after nobody does.
import { needsLogin } from "../api/session";

/** What is shown belongs to an area; a change makes areas be asked for anew. */
export type Area = "stores" | "inside" | "audit" | "letters" | "access" | "whoami";

export interface Known {
  data: unknown;
  /** Why the last look failed; `null` while all is well. */
  error: Error | null;
  /** When the last good look was, in milliseconds since the epoch; 0 for never. */
  seenAt: number;
}

interface Entry extends Known {
  area: Area;
  path: string;
  watchers: Set<() => void>;
  pause: (known: Known) => number | false;
  timer: ReturnType<typeof setTimeout> | undefined;
  asking: { abort: AbortController; done: Promise<void> } | undefined;
  /** Something happened since the question under way was asked. */
  isStale: boolean;
}

type Fetch = (path: string, signal: AbortSignal) => Promise<unknown>;

/** Answers that nobody looks at are kept for the way back, so many at most. */
const KEPT = 20;
/** An answer this young is not asked for again only because somebody looks. */
const FRESH_MS = 500;
/** While a stream tells what happens, asking again is only for what it cannot tell. */
const CALM_WHILE_LIVE = 5;

export class Answers {
  readonly #entries = new Map<string, Entry>();
  /** A stream tells of stores what happens to them. */
  isLive = false;

  constructor(readonly fetch: Fetch) {
    document.addEventListener("visibilitychange", () => {
      if (isVisible()) {
        void Promise.all(this.#watched().map((entry) => this.#ask(entry)));
      }
    });
  }

  /** What is known of a path. */
  at(path: string | undefined): Known | undefined {
    return path === undefined ? undefined : this.#entries.get(path);
  }

  /** Asks before anybody looks; resolves when that is answered, well or not. */
  ahead(area: Area, path: string): Promise<void> {
    return this.#ask(this.#entry(area, path));
  }

  /** Looks at a path until the returned function is called; `drawn` at each news. */
  watch(area: Area, path: string, pause: Entry["pause"], drawn: () => void): () => void {
    const entry = this.#entry(area, path);
    // The youngest comes last, so that the oldest is forgotten first.
    this.#entries.delete(path);
    this.#entries.set(path, entry);
    entry.watchers.add(drawn);
    entry.pause = pause;
    if (!entry.asking && Date.now() - entry.seenAt > FRESH_MS) {
      void this.#ask(entry);
    } else {
      this.#plan(entry);
    }
    return () => {
      entry.watchers.delete(drawn);
      if (entry.watchers.size === 0) {
        clearTimeout(entry.timer);
        entry.asking?.abort.abort();
        entry.asking = undefined;
        this.#forget();
      }
    };
  }

  /** Puts in what an answer to a change already told. */
  learn(area: Area, path: string, data: unknown): void {
    this.#put(this.#entry(area, path), { data, error: null, seenAt: Date.now() });
  }

  /** Asks anew for what is looked at of an area (of all without one). */
  async refresh(area?: Area): Promise<void> {
    const isMeant = (entry: Entry) => area === undefined || entry.area === area;
    for (const entry of this.#entries.values()) {
      if (isMeant(entry) && entry.watchers.size === 0) {
        this.#entries.delete(entry.path);
      }
    }
    await Promise.all(this.#watched().map((entry) => isMeant(entry) && this.#ask(entry)));
  }

  /** Something happened in an area: what is looked at is asked for, once at a time. */
  nudge(area: Area): void {
    for (const entry of this.#watched().filter((known) => known.area === area)) {
      if (entry.asking) {
        entry.isStale = true;
      } else {
        void this.#ask(entry);
      }
    }
  }

  /** Somebody else looks from now on: nothing that was known may stay. */
  async reset(): Promise<void> {
    for (const entry of this.#entries.values()) {
      this.#put(entry, { data: undefined, error: null, seenAt: 0 });
    }
    await this.refresh();
  }

  #watched(): Entry[] {
    return [...this.#entries.values()].filter(({ watchers }) => watchers.size > 0);
  }

  #entry(area: Area, path: string): Entry {
    const fresh: Entry = {
      ...{ area, path, data: undefined, error: null, seenAt: 0, timer: undefined },
      ...{ asking: undefined, isStale: false, watchers: new Set(), pause: () => false },
    };
    const entry = this.#entries.get(path) ?? fresh;
    this.#entries.set(path, entry);
    return entry;
  }

  /** A question under way may be older than a change: a newer one takes its place. */
  async #ask(entry: Entry): Promise<void> {
    clearTimeout(entry.timer);
    entry.asking?.abort.abort();
    entry.isStale = false;
    const abort = new AbortController();
    const done = this.#answer(entry, abort.signal);
    entry.asking = { abort, done };
    await done;
    // Whoever waits, waits for the one that took its place too.
    await (entry.asking?.abort === abort ? undefined : entry.asking?.done);
    if (entry.asking?.abort === abort) {
      entry.asking = undefined;
      if (entry.isStale && entry.watchers.size > 0) {
        void this.#ask(entry);
      } else {
        this.#plan(entry);
      }
    }
  }

  async #answer(entry: Entry, signal: AbortSignal): Promise<void> {
    try {
      const data = await this.fetch(entry.path, signal);
      if (!signal.aborted) {
        this.#put(entry, { data, error: null, seenAt: Date.now() });
      }
    } catch (error) {
      if (signal.aborted) {
        return;
      }
      this.#put(entry, { ...entry, error: error as Error });
      // Whoever is no longer known finds out on any page: ask who we are.
      if (needsLogin(error) && entry.area !== "whoami") {
        void this.refresh("whoami");
      }
    }
  }

  #put(entry: Entry, { data, error, seenAt }: Known): void {
    Object.assign(entry, { data, error, seenAt });
    for (const drawn of entry.watchers) {
      drawn();
    }
  }

  #plan(entry: Entry): void {
    clearTimeout(entry.timer);
    const pause = entry.pause(entry);
    if (pause !== false && entry.watchers.size > 0) {
      const isTold = this.isLive && entry.area === "stores" && entry.error === null;
      const again = () => (isVisible() ? this.#ask(entry) : this.#plan(entry));
      entry.timer = setTimeout(again, isTold ? pause * CALM_WHILE_LIVE : pause);
    }
  }

  #forget(): void {
    const idle = [...this.#entries.values()].filter(({ watchers }) => watchers.size === 0);
    for (const { path } of idle.slice(0, Math.max(0, idle.length - KEPT))) {
      this.#entries.delete(path);
    }
  }
}

const isVisible = () => document.visibilityState !== "hidden";
