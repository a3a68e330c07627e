// How a part of the page looks at the api and asks it for changes: what was shown
// is asked for anew after each. How answers are kept is live/answers.ts.
import { createContext } from "preact";
import { useContext, useEffect, useRef, useState } from "preact/hooks";
import { ask } from "../api/client";
import { Problem } from "../api/problem";
import { needsLogin } from "../api/session";
import { Answers, type Area, type Known } from "./answers";

export const MOVING_MS = 1_000;
export const AWAY_MS = 2_000;
export const CALM_MS = 5_000;

export const newAnswers = () => new Answers((path, signal) => ask(path, { signal }));

/** The page's answers; one set for the whole page. */
export const AnswersOfPage = createContext<Answers | undefined>(undefined);

export function useAnswers(): Answers {
  const answers = useContext(AnswersOfPage);
  if (!answers) {
    throw new Error("nothing of the page may be drawn outside of AnswersOfPage");
  }
  return answers;
}

export interface Look<T> {
  data: T | undefined;
  error: Error | null;
  /** When the last good look was, in milliseconds since the epoch; 0 for never. */
  seenAt: number;
  /** What is shown is still what was shown before, until the answer comes. */
  isOld: boolean;
}

/** Looks at a path (if there is one) again and again; `pause` tells how long until the next time. */
export function useLook<T>(
  area: Area,
  path: string | undefined,
  pause: (seen: T | undefined) => number | false = () => CALM_MS,
): Look<T> {
  const answers = useAnswers();
  const [, draw] = useState(0);
  const { data, error = null, seenAt = 0 } = answers.at(path) ?? {};
  useEffect(() => {
    if (path === undefined) {
      return undefined;
    }
    const next = (known: Known) => pauseAfter(known.error, pause(known.data as T | undefined));
    const again = () => draw((count) => count + 1);
    const stop = answers.watch(area, path, next, again);
    // Drawn a moment ago, without what may have been answered between that and now.
    const known = answers.at(path);
    if (known?.seenAt !== seenAt || known.error !== error) {
      again();
    }
    return stop;
  }, [answers, area, path]);

  const before = useRef<unknown>(undefined);
  const isOld = data === undefined && error === null && before.current !== undefined;
  useEffect(() => {
    before.current = data ?? before.current;
  }, [data]);
  return { data: (isOld ? before.current : data) as T | undefined, error, seenAt, isOld };
}

/** Sooner while the api is away; not at all after an answer that will not change. */
export function pauseAfter(error: Error | null, calm: number | false): number | false {
  if (error === null) {
    return calm;
  }
  const isFinal = error instanceof Problem && error.status !== 429 && error.status < 500;
  return needsLogin(error) || isFinal ? false : AWAY_MS;
}

/**
 * A change to ask for. Its area is asked for anew when it was accepted, and when
 * it was refused: what was shown is then no longer so. `untilSeen`: it is done
 * only once the page shows what came of it.
 */
export function useDeed<Wish, Answer>(
  area: Area,
  send: (wish: Wish) => Promise<Answer>,
  { untilSeen = false } = {},
) {
  const answers = useAnswers();
  const [isPending, setIsPending] = useState(false);
  const ask = async (wish: Wish): Promise<Answer> => {
    setIsPending(true);
    try {
      const answer = await send(wish);
      const seen = answers.refresh(area);
      await (untilSeen && seen);
      return answer;
    } catch (error) {
      void answers.refresh(area);
      throw error;
    } finally {
      setIsPending(false);
    }
  };
  return { ask, isPending };
}
