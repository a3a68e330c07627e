// Every journey by the keyboard alone, on the real platform: a store asked for,
// ended, asked for again, found, labelled, protected and deleted, one by its page and
// one by the list; the audit verified, a key given out and taken back, the language
// changed. What needs pods is in journey.test.mjs, a login in pages.test.mjs.
// Only keys are pressed: nothing is clicked, nothing filled in from outside.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { api, dashboard, keyboardOf, launch, newPage, until } from "./browser.mjs";

let browser;
let page;
let press;
let type;
let focused;
let tabTo;
const complaints = [];
const made = [];

before(async () => {
  browser = await launch();
  page = await newPage(browser, complaints);
  ({ press, type, focused, tabTo } = keyboardOf(page));
});

after(async () => {
  await browser?.close();
  for (const id of made) {
    const { status } = await api("GET", `/stores/${id}`, undefined, 200);
    if (!["Deleting", "Deleted"].includes(status)) {
      await api("PATCH", `/stores/${id}`, { deletion_protection: false }, 200);
      await api("DELETE", `/stores/${id}`, undefined, 202);
    }
  }
});

const shown = (text) => page.getByText(text).first().waitFor();
const heading = (name) => page.getByRole("heading", { level: 1, name }).waitFor();
const noDialog = () => page.getByRole("dialog").waitFor({ state: "detached" });

/** From the overview: asks for a store, ends what is begun; gives its id. */
async function create(name) {
  await page.goto(dashboard);
  await heading("Overview");
  await tabTo(/^New store$/);
  await press("Enter");
  await page.getByRole("dialog").waitFor();
  await tabTo(/^Name$/);
  await type(name);
  await press("Enter");
  await noDialog();
  await heading(name);
  const id = new URL(page.url()).pathname.split("/").at(-1);
  made.push(id);
  await cancel();
  return id;
}

/** On the page of a store that is being made. */
async function cancel() {
  await page.getByRole("button", { name: /^Cancel what is being done/ }).waitFor();
  await tabTo(/^Cancel what is being done/);
  await press("Enter");
  await page.locator(".page-head .badge").getByText("Failed", { exact: true }).waitFor();
}

test("a store is asked for, ended, retried, ended again, changed and deleted with its typed name", async () => {
  const name = "By keyboard";
  await create(name);
  await shown("What to do");
  await tabTo(new RegExp(`^Retry ${name}$`));
  await press("Enter");
  await cancel();
  await shown("What to do");
  await tabTo(/^Settings$/);
  await press("Enter");
  await tabTo(/^Labels$/);
  await type("team=keys");
  await tabTo(/^Deletion protection/);
  await press("Space");
  await tabTo(/^Save changes$/);
  await press("Enter");
  await shown("Saved.");
  const remove = page.getByRole("button", { name: "Delete", exact: true });
  await until("it is protected", () => remove.isDisabled());
  await tabTo(/^Deletion protection/, "Shift+Tab");
  await press("Space");
  await tabTo(/^Save changes$/);
  await press("Enter");
  await until("it can be deleted", () => remove.isEnabled());
  await tabTo(/^Delete$/, "Shift+Tab");
  await press("Enter");
  await tabTo(/Type/);
  await type(name);
  await press("Enter");
  await noDialog();
  await page.locator(".page-head .badge").getByText(/^Delet/).waitFor();
});

test("a store is found by its filters and deleted from the list", async () => {
  const name = "Listed by keys";
  const id = await create(name);
  await tabTo(/^Stores$/, "Shift+Tab");
  await press("Enter");
  await heading("Stores");
  await tabTo(/^Search$/);
  await type(id);
  await press("Enter");
  await page.waitForURL(`**/ui/stores?q=${id}`);
  await tabTo(/^Status$/);
  await type("Failed");
  await page.waitForURL(/status=Failed/);
  await tabTo(new RegExp(`^Choose ${name}$`));
  await press("Space");
  await shown("1 store chosen");
  await tabTo(/^Delete$/, "Shift+Tab");
  await press("Enter");
  await tabTo(/to confirm/);
  await type("1");
  await press("Enter");
  await shown("1 of 1 accepted");
});

test("the audit is verified, and a row opened", async () => {
  await page.goto(new URL("/ui/audit", dashboard).href);
  await page.getByRole("table").waitFor();
  await tabTo(/^Verify the chain$/);
  await press("Enter");
  await shown(/^All \d+ rows fit together/);
  await tabTo(/^#\d+$/);
  await press("Enter");
  await shown("Details");
});

test("a key is given out and taken back", async () => {
  await page.goto(new URL("/ui/access", dashboard).href);
  await heading("Keys and tenants");
  await tabTo(/^New key$/);
  await press("Enter");
  await tabTo(/^What for$/);
  await type("keyboard alone");
  await tabTo(/^Viewer/);
  await press("ArrowDown");
  await tabTo(/^Create key$/);
  await press("Enter");
  await shown("Copy this key now");
  await tabTo(/^I have copied it$/);
  await press("Enter");
  await noDialog();
  await tabTo(/^Revoke keyboard alone$/);
  await press("Enter");
  await page.getByRole("dialog").waitFor();
  await tabTo(/^Revoke$/);
  await press("Enter");
  await noDialog();
  const row = page.getByRole("row").filter({ hasText: "keyboard alone" }).first();
  await row.getByText("Revoked").waitFor();
  await row.getByText("Operator").waitFor();
});

test("every page is reached, and the language and theme are changed", async () => {
  await page.goto(dashboard);
  for (const [link, title] of [
    ["Dead letters", "Dead letters"],
    ["Audit", "Audit"],
    ["Stores", "Stores"],
    ["Overview", "Overview"],
  ]) {
    await tabTo(new RegExp(`^${link}$`), link === "Dead letters" ? "Tab" : "Shift+Tab");
    await press("Enter");
    await heading(title);
  }
  await tabTo(/^Preferences$/, "Shift+Tab");
  await press("Enter");
  await tabTo(/^Language$/);
  await type("Deutsch");
  await heading("Übersicht");
  await tabTo(/^Farben$/);
  await type("Dunkel");
  assert.equal(await page.evaluate("document.documentElement.dataset.theme"), "dark");
  await press("Escape");
  assert.match(await focused(), /^Einstellungen$/, "focus is back where it came from");
  assert.deepEqual(complaints, []);
});
