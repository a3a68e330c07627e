// Retry and Cancel on the page, against a stand-in for fetch.
import { fireEvent, render, screen, waitFor, within } from "@testing-library/preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { StoreView } from "../src/api/types";
import { App } from "../src/app";
import { newAnswers } from "../src/live/look";
import { type Answer, json, serve } from "./api";
import { operation, pageOf, store } from "./samples";

// As in a tab that is not looked at: the list is asked for only when the page
// has a reason of its own, so a row that follows is the wish's doing.
beforeEach(() => {
  history.replaceState(null, "", "/ui/stores");
  vi.spyOn(document, "visibilityState", "get").mockReturnValue("hidden");
});
afterEach(() => {
  vi.unstubAllGlobals();
});

const RETRY = "POST /stores/store-bcdf24/retry";
const CANCEL = "POST /stores/store-bcdf24/cancel";
const NEXT = "0193a0aa-0000-7000-8000-000000000002";

const failed = store({ status: "Failed", operation: operation({ status: "Failed" }) });
const queued = store({ status: "Queued", operation: operation({ id: NEXT, status: "Queued" }) });
const ready = store({ operation: operation({ id: NEXT, status: "Succeeded" }) });

/** The page with one store; `turn` is what the list shows from then on. */
function open(first: StoreView, given: (turn: (to: StoreView) => void) => Record<string, Answer>) {
  let shown = first;
  const turn = (to: StoreView) => {
    shown = to;
  };
  const asked = serve({ "GET /stores": () => json(200, pageOf(shown)), ...given(turn) });
  const answers = newAnswers();
  render(<App answers={answers} />);
  return { asked, answers, turn };
}

const find = (name: RegExp) => screen.findByRole("button", { name });
const posts = (asked: ReturnType<typeof serve>) => asked.filter(({ method }) => method === "POST");

test("Retry asks once with a key, the row follows, and focus stays with the store", async () => {
  const { asked } = open(failed, (turn) => ({
    [RETRY]: () => {
      turn(queued);
      return json(202, queued);
    },
  }));
  const retry = await find(/^Retry My Shop/);
  retry.focus();
  fireEvent.click(retry);
  fireEvent.click(retry);
  expect(await screen.findByText("Queued", { selector: ".badge" })).toBeTruthy();
  expect(posts(asked)).toHaveLength(1);
  expect(posts(asked)[0]?.body).toBeUndefined();
  expect(posts(asked)[0]?.headers.get("idempotency-key")).toBe(`retry-${failed.operation?.id}`);
  expect(screen.queryByRole("button", { name: /^Retry/ })).toBeNull();
  expect(await find(/^Cancel/)).toBeTruthy();
  expect(document.activeElement).toBe(screen.getByRole("link", { name: "My Shop" }));
});

test("Cancel asks for it, and the row follows", async () => {
  const { asked } = open(queued, (turn) => ({
    [CANCEL]: () => {
      turn(failed);
      return json(202, failed);
    },
  }));
  fireEvent.click(await find(/^Cancel what is being done to My Shop/));
  expect(await screen.findByText("Failed", { selector: ".badge" })).toBeTruthy();
  expect(posts(asked)[0]?.headers.get("idempotency-key")).toBe(`cancel-${NEXT}`);
  expect(await find(/^Retry/)).toBeTruthy();
});

test("it says that it is busy until the list shows what came of it", async () => {
  let accept: (() => void) | undefined;
  open(failed, (turn) => ({
    [RETRY]: () =>
      new Promise((resolve) => {
        accept = () => {
          turn(queued);
          resolve(json(202, queued));
        };
      }),
  }));
  fireEvent.click(await find(/^Retry/));
  expect((await find(/^Retrying…/)).getAttribute("aria-disabled")).toBe("true");
  accept?.();
  expect(await screen.findByText("Queued", { selector: ".badge" })).toBeTruthy();
});

test("the second click of a double click does not undo the first one's wish", async () => {
  const { asked } = open(queued, () => ({ [CANCEL]: () => json(202, failed) }));
  fireEvent.click(await find(/^Cancel/), { detail: 2 });
  await find(/^Cancel/);
  expect(posts(asked)).toHaveLength(0);
});

test("a refusal stays with the api's sentence until it is dismissed, and the row is mended", async () => {
  const detail = "There is nothing to cancel: the last operation of `store-bcdf24` has ended.";
  const { answers } = open(queued, (turn) => ({
    [CANCEL]: () => {
      turn(ready);
      return json(409, { title: "Nothing to cancel", detail, code: "nothing_to_cancel" });
    },
  }));
  fireEvent.click(await find(/^Cancel/));
  const alert = await screen.findByRole("alert");
  expect(alert.textContent).toContain("“My Shop” was not cancelled");
  expect(alert.textContent).toContain(detail);
  expect(alert.textContent).toContain("nothing_to_cancel");
  expect(await screen.findByText("Ready", { selector: ".badge" })).toBeTruthy();
  await answers.refresh();
  expect(screen.getByRole("alert")).toBeTruthy();
  fireEvent.click(within(screen.getByRole("alert")).getByRole("button", { name: "Dismiss" }));
  expect(screen.queryByRole("alert")).toBeNull();
});

test("asked again without an answer, the wish keeps its key; its error is shown once", async () => {
  const { asked } = open(failed, () => ({ [RETRY]: () => Promise.reject(new TypeError()) }));
  for (const times of [1, 2]) {
    fireEvent.click(await find(/^Retry My Shop/));
    await waitFor(() => expect(posts(asked)).toHaveLength(times));
    await find(/^Retry My Shop/);
    expect(await screen.findAllByText(/The API does not answer/)).toHaveLength(1);
  }
  const [first, second] = posts(asked).map(({ headers }) => headers.get("idempotency-key"));
  expect(first).toBe(second);
});
