// A modal dialog on the browser's own <dialog>: it traps focus, closes on
// Escape and gives focus back to where it came from.
import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";

interface Props {
  title: ComponentChildren;
  onClose: () => void;
  children: ComponentChildren;
}

export function Dialog({ title, onClose, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  const isGone = useRef(false);

  useLayoutEffect(() => {
    const element = dialog.current;
    const opener = document.activeElement;
    element?.showModal();
    return () => {
      // It closes because it is taken away, which is nobody's wish to leave.
      isGone.current = true;
      element?.close();
      // Its button may be gone by what was asked for: then the page has the focus.
      const back = opener?.isConnected ? opener : document.querySelector("main h1");
      if (back instanceof HTMLElement) {
        back.focus();
      }
    };
  }, []);

  return (
    <dialog ref={dialog} aria-labelledby={titleId} onClose={() => !isGone.current && onClose()}>
      <h2 id={titleId}>{title}</h2>
      {children}
    </dialog>
  );
}
