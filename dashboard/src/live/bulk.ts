// One wish about many stores: asked for one after the other, with what became of
// each. A refusal of one stops none of the others.
import { useState } from "preact/hooks";
import { askOf, deleteStore } from "../api/stores";
import type { StoreView } from "../api/types";
import { wishKey } from "../store/wishes";
import { useAnswers } from "./look";

export type BulkWish = "retry" | "remove";

export interface BulkResult {
  id: string;
  name: string;
  /** Why it was refused; `undefined` where it was accepted. */
  error: unknown;
}

export interface Bulk {
  wish: BulkWish;
  results: readonly BulkResult[];
  all: number;
}

export function useBulk() {
  const answers = useAnswers();
  const [bulk, setBulk] = useState<Bulk>();
  const isBusy = bulk !== undefined && bulk.results.length < bulk.all;

  const run = async (wish: BulkWish, stores: readonly StoreView[]) => {
    const results: BulkResult[] = [];
    setBulk({ wish, results, all: stores.length });
    for (const store of stores) {
      const error = await refusalOf(wish, store);
      results.push({ id: store.id, name: store.name, error });
      setBulk({ wish, results: [...results], all: stores.length });
    }
    await answers.refresh("stores");
  };
  return { bulk, isBusy, run, dismiss: () => setBulk(undefined) };
}

async function refusalOf(wish: BulkWish, store: StoreView): Promise<unknown> {
  try {
    if (wish === "remove") {
      await deleteStore(store.id);
    } else {
      const of = store.operation ?? { id: `${store.id}-${store.generation}` };
      await askOf({ id: store.id, wish, idempotencyKey: wishKey(wish, of) });
    }
    return undefined;
  } catch (error) {
    return error;
  }
}
