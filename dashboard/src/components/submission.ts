// A dialog's one request: sent once at a time, its error kept until dismissed.
// An error that comes after the dialog was closed is handed to the page.
import { useEffect, useRef, useState } from "preact/hooks";

interface Wish<Answer> {
  /** Sends it; `undefined` while what was entered may not be sent. */
  send: (() => Promise<Answer>) | undefined;
  /** It was accepted and the dialog is still there. */
  onDone: (answer: Answer) => void;
  /** It was refused after the dialog was closed. */
  onLateProblem: (error: unknown) => void;
}

export function useSubmission<Answer>({ send, onDone, onLateProblem }: Wish<Answer>) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>();
  const open = useRef(true);

  useEffect(() => {
    open.current = true;
    return () => {
      open.current = false;
    };
  }, []);

  const submit = async (event: Event) => {
    event.preventDefault();
    if (busy || !send) {
      return;
    }
    setBusy(true);
    setProblem(undefined);
    try {
      const answer = await send();
      if (open.current) {
        onDone(answer);
      }
    } catch (error) {
      if (open.current) {
        setProblem(error);
      } else {
        onLateProblem(error);
      }
    } finally {
      setBusy(false);
    }
  };

  return { busy, problem, dismiss: () => setProblem(undefined), submit };
}
