// A table with one store, at that many milliseconds after the samples' start.
import { QueryClientProvider } from "@tanstack/preact-query";
import { render } from "@testing-library/preact";
import { vi } from "vitest";
import type { StoreView } from "../src/api/types";
import { StoreTable } from "../src/components/store-table";
import { newQueryClient } from "../src/live/stores";
import { START } from "./samples";

export function showAfter(after: number, shown: StoreView, openId?: string) {
  return render(
    <QueryClientProvider client={newQueryClient()}>
      <StoreTable
        stores={[shown]}
        openId={openId}
        now={START + after}
        onToggle={vi.fn()}
        onDelete={vi.fn()}
        onProblem={vi.fn()}
        onFocusLost={vi.fn()}
      />
    </QueryClientProvider>,
  );
}
