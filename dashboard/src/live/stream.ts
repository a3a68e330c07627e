// News of stores as they happen, by the api's stream of events. It only says when
// to ask: what is shown comes from the same answers as without it, so a stream
// that is away costs seconds, never truth.
import { useEffect } from "preact/hooks";
import type { Answers } from "./answers";
import { useAnswers } from "./look";

const PATH = "/stores/events";
const KINDS = [
  "store.status_changed",
  "store.health_changed",
  "store.changed",
  "operation.changed",
  "operation.step",
  "stream.gap",
];
/** News this close together are one reason to ask. */
const TOGETHER_MS = 300;
/** A stream that was refused (an api that just starts, too many, an older api) is
 * tried again soon at first, and then seldom. */
const REFUSED_MS = [1_000, 2_000, 5_000, 30_000] as const;

/** Listens while it is wanted and the tab is seen. */
export function useStream(isWanted: boolean): void {
  const answers = useAnswers();
  useEffect(() => (isWanted ? listen(answers) : undefined), [answers, isWanted]);
}

/** A hidden tab holds no stream: a browser has few connections to one server. */
export function listen(answers: Answers): () => void {
  let source: EventSource | undefined;
  let together: ReturnType<typeof setTimeout> | undefined;
  let again: ReturnType<typeof setTimeout> | undefined;
  let refusals = 0;

  const news = () => {
    together ??= setTimeout(() => {
      together = undefined;
      answers.nudge("stores");
    }, TOGETHER_MS);
  };
  const close = () => {
    clearTimeout(again);
    clearTimeout(together);
    together = undefined;
    source?.close();
    source = undefined;
    answers.isLive = false;
  };
  const open = () => {
    close();
    if (typeof EventSource === "undefined" || document.visibilityState === "hidden") {
      return;
    }
    source = new EventSource(PATH);
    source.onopen = () => {
      answers.isLive = true;
      refusals = 0;
      // What happened before it was open is in nobody's news.
      news();
    };
    source.onerror = () => {
      // Cut off: the api may be away, which a page at rest would find out half a minute later.
      if (answers.isLive) {
        news();
      }
      answers.isLive = false;
      if (source?.readyState === EventSource.CLOSED) {
        again = setTimeout(open, REFUSED_MS[refusals] ?? REFUSED_MS[3]);
        refusals += 1;
      }
    };
    for (const kind of KINDS) {
      source.addEventListener(kind, news);
    }
  };

  document.addEventListener("visibilitychange", open);
  open();
  return () => {
    document.removeEventListener("visibilitychange", open);
    close();
  };
}
