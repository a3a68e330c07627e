// Retry or Cancel, whichever makes sense for a store now. Its error goes to the
// page, for the button itself is often gone by the time of the answer.
import { useLayoutEffect, useRef } from "preact/hooks";
import type { OperationView, StoreView } from "../api/types";
import { useWish } from "../live/stores";
import { wishKey } from "../store/wishes";
import { words } from "../words";
import { Again, Cross } from "./icons";
import type { AddNotice } from "./page";

interface Props {
  store: StoreView;
  wish: "retry" | "cancel";
  operation: OperationView;
  onProblem: AddNotice;
  /** Among other buttons, not in a row of the table. */
  isLoud?: boolean;
}

export function WishButton({ store, wish, operation, onProblem, isLoud }: Props) {
  const button = useRef<HTMLButtonElement>(null);
  const asking = useWish();
  const sent = useRef(false);
  const { id, name } = store;
  const say = words[wish];

  // The store moved on and the button goes: focus stays with the store.
  useLayoutEffect(
    () => () => {
      if (button.current && button.current === document.activeElement) {
        (
          document.getElementById(`store-${id}`) ?? document.querySelector<HTMLElement>("main h1")
        )?.focus();
      }
    },
    [id],
  );

  const press = async ({ detail }: MouseEvent) => {
    // The second click of a double click may hit the button that took the place
    // of the first one's, and so undo what was just asked for.
    if (sent.current || detail > 1) {
      return;
    }
    sent.current = true;
    try {
      await asking.ask({ id, wish, idempotencyKey: wishKey(wish, operation) });
    } catch (error) {
      onProblem(say.failed(name), error);
    } finally {
      sent.current = false;
    }
  };

  return (
    <button
      ref={button}
      type="button"
      class={isLoud ? undefined : "quiet"}
      aria-label={asking.isPending ? undefined : say.named(name)}
      aria-disabled={asking.isPending}
      title={say.hint[operation.kind]}
      onClick={press}
    >
      {wish === "retry" ? <Again /> : <Cross />}
      {asking.isPending ? say.busy : say.label}
    </button>
  );
}
