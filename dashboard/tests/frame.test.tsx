// What stands around the pages: names by role, language, theme, the way out.
import { fireEvent, render, screen, waitFor, within } from "@testing-library/preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Whoami } from "../src/api/types";
import { App } from "../src/app";
import { newAnswers } from "../src/live/look";
import { applyPreferences } from "../src/preferences";
import { admin, json, serve } from "./api";
import { counts, pageOf, store } from "./samples";

beforeEach(() => {
  history.replaceState(null, "", "/");
  localStorage.clear();
  applyPreferences();
});
afterEach(() => {
  localStorage.clear();
  applyPreferences();
  vi.unstubAllGlobals();
});

function open(who: Whoami, more = {}) {
  const asked = serve({
    "GET /whoami": () => json(200, who),
    "GET /stores/counts": () => json(200, counts({ Ready: 1 })),
    "GET /stores": () => json(200, pageOf(store())),
    ...more,
  });
  render(<App answers={newAnswers()} />);
  return asked;
}
const pages = async () =>
  within(await screen.findByRole("navigation", { name: "Pages" }))
    .getAllByRole("link")
    .map((link) => link.textContent);

test("each role finds the pages that it may open", async () => {
  open(admin);
  expect(await pages()).toEqual([
    "Overview",
    "Stores",
    "Audit",
    "Dead letters",
    "Keys and tenants",
  ]);
});

test.each([
  ["admin", ["Overview", "Stores", "Audit", "Keys"]],
  ["viewer", ["Overview", "Stores", "Audit"]],
] as const)("an %s of another tenant: %j", async (role, expected) => {
  open({ ...admin, role, runs_platform: false, means: "session" });
  expect(await pages()).toEqual(expected);
});

test("going to a page says so in the tab, the address and the heading's focus", async () => {
  open(admin);
  fireEvent.click(await screen.findByRole("link", { name: "Stores" }));
  const heading = await screen.findByRole("heading", { name: "Stores", level: 1 });
  expect(location.pathname).toBe("/ui/stores");
  await waitFor(() => expect(document.title).toBe("Stores · Urumi"));
  await waitFor(() => expect(document.activeElement).toBe(heading));
  expect(screen.getByRole("link", { name: "Stores" }).getAttribute("aria-current")).toBe("page");
});

test("a click for a new tab is left to the browser", async () => {
  open(admin);
  const link = await screen.findByRole("link", { name: "Stores" });
  link.addEventListener("click", (event) => event.preventDefault());
  fireEvent.click(link, { ctrlKey: true });
  expect(location.pathname).toBe("/");
});

test("the language is chosen, put on the document, and kept", async () => {
  open(admin);
  fireEvent.change(await screen.findByLabelText("Language"), { target: { value: "de" } });
  expect(await screen.findByRole("heading", { name: "Übersicht" })).toBeTruthy();
  expect(document.documentElement.lang).toBe("de");
  await waitFor(() => expect(document.title).toBe("Übersicht · Urumi"));
  document.documentElement.lang = "";
  applyPreferences();
  expect(document.documentElement.lang).toBe("de");
});

test("the theme is chosen, put on the document, and kept; the system's is the first", async () => {
  open(admin);
  expect(document.documentElement.dataset.theme).toBeUndefined();
  fireEvent.change(await screen.findByLabelText("Theme"), { target: { value: "dark" } });
  expect(document.documentElement.dataset.theme).toBe("dark");
  fireEvent.change(screen.getByLabelText("Theme"), { target: { value: "system" } });
  expect(document.documentElement.dataset.theme).toBeUndefined();
});

test("who is logged in can log out, and then sees nothing of before", async () => {
  let known = true;
  const who = { ...admin, means: "session" as const };
  const asked = open(who, {
    "GET /whoami": () => (known ? json(200, who) : json(401, { title: "Login required" })),
    "DELETE /session": () => {
      known = false;
      return new Response(null, { status: 204 });
    },
  });
  fireEvent.click(await screen.findByText("Log out"));
  expect(await screen.findByLabelText("API key")).toBeTruthy();
  expect(screen.queryByText("My Shop")).toBeNull();
  expect(asked.some(({ method, path }) => method === "DELETE" && path === "/session")).toBe(true);
});

test("without a login there is nothing to log out of", async () => {
  open(admin);
  await screen.findByLabelText("Language");
  expect(screen.queryByText("Log out")).toBeNull();
});
