// The frame of every page: its heading (which takes the focus when somebody goes
// there), the banner while its answers stay away, and errors until dismissed.
import type { ComponentChildren } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { Problem } from "../api/problem";
import { hasGone } from "../live/address";
import type { Look } from "../live/look";
import { words } from "../words";
import { ConnectionBanner } from "./connection-banner";
import { ProblemNote } from "./problem-note";

interface Notice {
  id: number;
  title: string;
  error: unknown;
}

export type AddNotice = (title: string, error: unknown) => void;

/** Errors of what was asked for on a page; they stay until they are dismissed. */
export function useNotices(): { notices: ComponentChildren; addNotice: AddNotice } {
  const [shown, setShown] = useState<Notice[]>([]);
  const addNotice = useCallback<AddNotice>(
    (title, error) =>
      setShown((before) => [
        ...before.filter((notice) => notice.title !== title),
        { id: (before.at(-1)?.id ?? 0) + 1, title, error },
      ]),
    [],
  );
  const notices = (
    <div class="notices">
      {shown.map(({ id, title, error }) => (
        <ProblemNote
          key={id}
          title={title}
          error={error}
          onDismiss={() => setShown((before) => before.filter((notice) => notice.id !== id))}
        />
      ))}
    </div>
  );
  return { notices, addNotice };
}

interface Props {
  /** In the browser's tab. */
  title: string;
  heading?: ComponentChildren;
  /** What stands before the heading: the way back. */
  above?: ComponentChildren;
  /** What stands beside the heading: the page's main button. */
  beside?: ComponentChildren;
  intro?: string;
  looks: readonly Pick<Look<unknown>, "error" | "seenAt">[];
  children: ComponentChildren;
}

export function Page({ title, heading, above, beside, intro, looks, children }: Props) {
  const headingRef = useRef<HTMLHeadingElement>(null);
  const away = looks.find(({ error }) => error !== null);
  const isForbidden = away?.error instanceof Problem && away.error.status === 403;

  useEffect(() => {
    document.title = words.titled(title);
  }, [title]);

  useEffect(() => {
    // The first page of all leaves the focus where the browser has put it.
    if (hasGone()) {
      headingRef.current?.focus({ preventScroll: true });
    }
  }, []);

  return (
    <main id="content">
      <ConnectionBanner
        error={isForbidden ? null : (away?.error ?? null)}
        seenAt={away?.seenAt ?? 0}
      />
      {above}
      <div class="page-head">
        <div class="page-title">
          <h1 ref={headingRef} tabIndex={-1}>
            {heading ?? title}
          </h1>
          {intro && <p class="fine">{intro}</p>}
        </div>
        {beside}
      </div>
      {isForbidden ? (
        <Nothing title={words.forbidden.title} text={words.forbidden.text} />
      ) : (
        children
      )}
    </main>
  );
}

/** What stands where there is nothing to show: why, and what to do. */
export function Nothing({
  title,
  text,
  children,
}: {
  title: string;
  text: string;
  children?: ComponentChildren;
}) {
  return (
    <div class="empty">
      <h2>{title}</h2>
      <p>{text}</p>
      {children}
    </div>
  );
}
