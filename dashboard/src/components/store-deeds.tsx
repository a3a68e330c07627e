// What can be asked of a store now: the buttons, each with a word of what it
// does before it does it. Who may only look sees none.
import { useState } from "preact/hooks";
import type { StoreView } from "../api/types";
import { useWish } from "../live/stores";
import { useMay } from "../live/whoami";
import { type Deed, deedsFor, isRemovable, wishFor, wishKey } from "../store/wishes";
import { words } from "../words";
import { Dialog } from "./dialog";
import { Bin } from "./icons";
import type { AddNotice } from "./page";
import { ProblemNote } from "./problem-note";
import { useSubmission } from "./submission";
import { WishButton } from "./wish-button";

interface Props {
  store: StoreView;
  onDelete: () => void;
  onProblem: AddNotice;
}

export function StoreDeeds({ store, onDelete, onProblem }: Props) {
  const [deed, setDeed] = useState<Deed>();
  const may = useMay();
  const asked = wishFor(store);
  if (!may.change || store.status === "Deleted") {
    return null;
  }
  return (
    <section class="deeds" aria-label={words.store.deeds}>
      {asked && (
        <WishButton key={asked.wish} store={store} onProblem={onProblem} isLoud {...asked} />
      )}
      {deedsFor(store).map((name) => (
        <button key={name} type="button" onClick={() => setDeed(name)}>
          {words.deeds[name]}
        </button>
      ))}
      {isRemovable(store) && (
        <button
          type="button"
          class="removing"
          disabled={store.deletion_protection}
          title={store.deletion_protection ? words.deeds.protected : undefined}
          onClick={onDelete}
        >
          <Bin />
          {words.stores.remove}
        </button>
      )}
      {deed && (
        <DeedDialog
          deed={deed}
          store={store}
          onClose={() => setDeed(undefined)}
          onProblem={onProblem}
        />
      )}
    </section>
  );
}

interface DeedProps {
  deed: Deed;
  store: StoreView;
  onClose: () => void;
  onProblem: AddNotice;
}

function DeedDialog({ deed, store, onClose, onProblem }: DeedProps) {
  const asking = useWish();
  const { id, name, operation, generation } = store;
  const failed = words.deeds.failed(words.deeds[deed], name);
  const { busy, problem, dismiss, submit } = useSubmission({
    send: () =>
      asking.ask({
        id,
        wish: deed,
        idempotencyKey: wishKey(deed, operation ?? { id: `${id}-${generation}` }),
      }),
    onDone: onClose,
    onLateProblem: (error) => onProblem(failed, error),
  });
  return (
    <Dialog title={words.deeds[deed]} onClose={onClose}>
      <form onSubmit={submit}>
        {problem !== undefined && (
          <ProblemNote title={failed} error={problem} onDismiss={dismiss} />
        )}
        <p>
          <bdi class="name">{name}</bdi>
        </p>
        <p>{words.deeds.confirm[deed]}</p>
        <div class="buttons">
          <button type="button" onClick={onClose}>
            {words.close}
          </button>
          <button type="submit" class="primary" aria-disabled={busy}>
            {busy ? words.deeds.busy : words.deeds[deed]}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
