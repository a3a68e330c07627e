// Asking for a new store: the button, wherever the page puts it, and the dialog,
// which stays while the page below it changes. It leads to the store's page.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { go } from "../live/address";
import { useMay } from "../live/whoami";
import { storeAddress } from "../route";
import { words } from "../words";
import { CreateDialog } from "./create-dialog";
import { Plus } from "./icons";
import type { AddNotice } from "./page";

export function useCreate(onLateProblem: AddNotice): {
  button: ComponentChildren;
  dialog: ComponentChildren;
} {
  const [open, setOpen] = useState(false);
  const may = useMay();
  if (!may.change) {
    return { button: null, dialog: null };
  }
  return {
    button: (
      <button type="button" class="primary" onClick={() => setOpen(true)}>
        <Plus />
        {words.stores.create}
      </button>
    ),
    dialog: open && (
      <CreateDialog
        onClose={() => setOpen(false)}
        onLateProblem={onLateProblem}
        onCreated={({ id }) => {
          setOpen(false);
          go(storeAddress(id));
        }}
      />
    ),
  };
}
