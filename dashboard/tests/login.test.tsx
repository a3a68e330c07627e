// What is shown when the api knows nobody here, and what becomes of a key.
import { fireEvent, render, screen, waitFor } from "@testing-library/preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { App } from "../src/app";
import { newAnswers } from "../src/live/look";
import { admin, json, serve } from "./api";
import { pageOf, store } from "./samples";

beforeEach(() => history.replaceState(null, "", "/ui/stores"));
afterEach(() => vi.unstubAllGlobals());

const nobody = () =>
  json(401, { title: "Login required", detail: "This needs a login.", code: "login_required" });

test("a 401 asks for a key; a wrong one is refused, a good one shows the stores", async () => {
  let known = false;
  const asked = serve({
    "GET /whoami": () => (known ? json(200, admin) : nobody()),
    "GET /stores": () => (known ? json(200, pageOf(store({ name: "Mine" }))) : nobody()),
    "POST /session": () => {
      const sent = asked.at(-1)?.body as { key?: string } | undefined;
      known = sent?.key === "urumi_good";
      return known
        ? json(201, {})
        : json(401, { title: "Credentials refused", detail: "The key is not known here." });
    },
  });
  render(<App answers={newAnswers()} />);
  const field = (await screen.findByLabelText("API key")) as HTMLInputElement;
  expect(field.type).toBe("password");
  expect(screen.queryByRole("button", { name: "New store" })).toBeNull();

  fireEvent.input(field, { target: { value: "urumi_bad" } });
  fireEvent.click(screen.getByRole("button", { name: "Log in" }));
  expect(await screen.findByText("The key is not known here.")).toBeTruthy();

  fireEvent.input(field, { target: { value: " urumi_good " } });
  fireEvent.click(screen.getByRole("button", { name: "Log in" }));
  expect(await screen.findByText("Mine")).toBeTruthy();
  await waitFor(() => expect(screen.queryByLabelText("API key")).toBeNull());
});
