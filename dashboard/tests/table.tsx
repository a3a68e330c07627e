// A table with one store, and its detail below where it is wanted, at that many
// milliseconds after the samples' start; nobody answers what they ask.
import { render } from "@testing-library/preact";
import { vi } from "vitest";
import type { StoreView } from "../src/api/types";
import { StoreDetail } from "../src/components/store-detail";
import { StoreTable } from "../src/components/store-table";
import { Answers } from "../src/live/answers";
import { AnswersOfPage } from "../src/live/look";
import { Me } from "../src/live/whoami";
import { admin } from "./api";
import { START } from "./samples";

export function showAfter(after: number, shown: StoreView, openId?: string) {
  return render(
    <AnswersOfPage.Provider value={new Answers(() => new Promise(() => undefined))}>
      <Me.Provider value={admin}>
        <StoreTable
          stores={[shown]}
          chosen={new Set()}
          now={START + after}
          onChoose={vi.fn()}
          onChooseAll={vi.fn()}
          onDelete={vi.fn()}
          onProblem={vi.fn()}
          onFocusLost={vi.fn()}
        />
        {openId === shown.id && <StoreDetail store={shown} now={START + after} />}
      </Me.Provider>
    </AnswersOfPage.Provider>,
  );
}
