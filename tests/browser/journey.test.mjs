// The journey of one store in a real browser, against the real platform: create,
// watch the steps, open the shop, find it by a filter, change it, suspend and
// resume it, delete it with the typed name, while a second browser looks on. What only
// a store with pods has (logs, suspend and resume) is asked for by the keyboard alone.
// `tests/e2e.sh` brings the platform up and installs the browser.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { api, dashboard, inEachView, isSound, keyboardOf, launch, newPage, until } from "./browser.mjs";

const NAME = "Shop <img src=x onerror=alert(1)>";
const READY = 180_000;

let browser;
let page;
let other;
let press;
let tabTo;
const complaints = [];

before(async () => {
  browser = await launch();
  page = await newPage(browser, complaints, { reducedMotion: "reduce" });
  ({ press, tabTo } = keyboardOf(page));
  other = await newPage(browser, complaints);
});

after(() => browser?.close());

const button = (name) => page.getByRole("button", { name }).first();
const badge = (word) => page.locator(".page-head .badge").getByText(word, { exact: true });

test("a shop owner creates a store, watches it, opens it, changes and deletes it", async () => {
  await page.goto(dashboard);
  await button("New store").waitFor();
  await inEachView(page, "1-empty");
  await other.goto(new URL("/ui/stores", dashboard).href);
  await button("New store").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill(NAME);
  await dialog.getByRole("button", { name: "Create store" }).click();
  await dialog.waitFor({ state: "detached" });

  await page.getByRole("heading", { level: 1, name: NAME }).waitFor();
  const id = new URL(page.url()).pathname.split("/").at(-1);
  assert.match(id, /^store-[b-z2-9]{6}$/);
  const row = other.getByRole("row").filter({ hasText: id });
  await isSeenSoon("the new store", row);
  await page.getByText("Starting database and shop").waitFor({ timeout: 60_000 });
  await inEachView(page, "2-provisioning");
  await page.reload();
  await page.getByText("Starting database and shop").waitFor();

  await badge("Ready").waitFor({ timeout: READY });
  await isSeenSoon("Ready", row.getByText("Ready", { exact: true }));
  await inEachView(page, "3-ready", isSound);
  const address = await page.getByRole("link", { name: /^Open shop/ }).getAttribute("href");
  assert.match(address, /^http:\/\/store-[b-z2-9]{6}\.localhost(:\d+)?\/?$/);
  const shop = await browser.newPage();
  const answer = await shop.goto(address, { waitUntil: "domcontentloaded" });
  assert.equal(answer.status(), 200);
  assert.ok((await shop.title()).includes("Shop"), await shop.title());
  await shop.close();

  await isSeenFromInside();
  await isFoundByAnAddressThatCanBeShared(id);
  await isChanged();
  await isShownWhyAChangeFails(id);
  await restsAndServesAgain(row);
  await isDeletedWithItsTypedName(row);
  assert.deepEqual(complaints, []);
});

/** The cluster's own words: pods with their logs, volumes, what of the plan is taken. */
async function isSeenFromInside() {
  await page.getByRole("link", { name: "Pods", exact: true }).click();
  await page.getByRole("heading", { level: 3, name: /^mysql-0$/ }).waitFor();
  await page.getByText(/^Memory, reserved$/).waitFor();
  await page.getByRole("heading", { level: 2, name: "Volumes" }).waitFor();
  await inEachView(page, "3-pods", isSound);
  await tabTo(/^Logs of mysql in mysql-0$/);
  await press("Enter");
  await page.getByRole("dialog").getByText(/ready for connections/).waitFor();
  await inEachView(page, "3-logs", isSound);
  await press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.getByRole("link", { name: "Progress" }).click();
}

/** An image that is not there: its cause and what to do are shown as soon as they are
 * seen, also to who comes later; the change ends by itself, the store as it was, and
 * what was shown stays. */
async function isShownWhyAChangeFails(id) {
  await api("PATCH", `/stores/${id}`, { image: "0.0.0-not-there" }, 202);
  const why = page.locator(".failure").filter({ hasText: "What to do" });
  const isTold = async () => {
    await why.locator("h2 code").getByText("ImagePull", { exact: true }).waitFor({ timeout: 120_000 });
    await why.getByText("What to do", { exact: true }).waitFor();
  };
  const isSeen = () => why.locator("summary").getByText("Evidence").waitFor();
  await isTold();
  await isSeen();
  await inEachView(page, "4-failing");
  await page.reload();
  await isTold();
  await isSeen();
  await badge("Ready").waitFor({ timeout: READY });
  for (const look of ["4-failed", "4-failed-reloaded"]) {
    await isTold();
    await why.getByText(/^The change came to nothing/).waitFor();
    await inEachView(page, look, isSound);
    await page.reload();
  }
  await badge("Ready").waitFor();
}

async function isFoundByAnAddressThatCanBeShared(id) {
  await other.getByLabel("Status", { exact: true }).selectOption("Failed");
  await other.getByText("No store matches these filters").waitFor();
  await other.getByLabel("Status", { exact: true }).selectOption("Ready");
  await other.getByRole("row").filter({ hasText: id }).waitFor();
  assert.equal(new URL(other.url()).search, "?status=Ready");
  await inEachView(other, "4-filtered");
  await other.getByLabel("Search", { exact: true }).fill(id.slice(0, 9));
  await other.waitForURL("**/ui/stores?*q=store-*");
  await other.getByRole("row").filter({ hasText: id }).waitFor();
  await other.getByLabel("Search", { exact: true }).fill("nothing-is-called-so");
  await other.getByText("No store matches these filters").waitFor();
  await other.goBack();
  const friend = await newPage(browser, complaints);
  await friend.goto(other.url());
  await friend.getByRole("row").filter({ hasText: id }).waitFor();
  assert.equal(await friend.getByLabel("Status", { exact: true }).inputValue(), "Ready");
  await friend.context().close();
  await other.getByRole("button", { name: "Clear filters" }).click();
}

/** Labels and protection at once; while it is protected, no button deletes it. */
async function isChanged() {
  await page.getByRole("link", { name: "Settings" }).click();
  await page.getByLabel("Labels").fill("team=<svg onload=alert(1)>");
  await page.getByLabel("Deletion protection").check();
  await button("Save changes").click();
  await page.getByText("Saved.", { exact: true }).waitFor();
  await until("it is protected", () => button("Delete").isDisabled());
  await page.getByLabel("Deletion protection").uncheck();
  await button("Save changes").click();
  await page.getByText("Saved.", { exact: true }).waitFor();
  await page.getByRole("link", { name: "Progress" }).click();
  await page.getByText("team=<svg onload=alert(1)>").waitFor();
}

async function restsAndServesAgain(row) {
  for (const [deed, status] of [
    ["Suspend", "Suspended"],
    ["Resume", "Ready"],
  ]) {
    const asking = page.getByRole("dialog");
    await button(deed).waitFor();
    await tabTo(new RegExp(`^${deed}$`));
    await press("Enter");
    await asking.waitFor();
    await inEachView(page, `5-${deed.toLowerCase()}`, isSound);
    await tabTo(new RegExp(`^${deed}$`));
    await press("Enter");
    await asking.waitFor({ state: "detached" });
    await badge(status).waitFor({ timeout: READY });
    await isSeenSoon(status, row.getByText(status, { exact: true }));
  }
  await page.getByRole("link", { name: "Operations" }).click();
  await page.locator("summary").filter({ hasText: "Resume" }).getByText(/^succeeded/).waitFor();
  await inEachView(page, "5-operations");
}

async function isDeletedWithItsTypedName(row) {
  await button("Delete").click();
  const confirm = page.getByRole("dialog");
  const remove = confirm.getByRole("button", { name: "Delete store" });
  assert.ok(await remove.isDisabled(), "not without the typed name");
  await confirm.getByRole("textbox").fill(NAME);
  await remove.click();
  await confirm.waitFor({ state: "detached" });
  await badge("Deleted").waitFor({ timeout: 120_000 });
  await isSeenSoon("Deleted", row, "detached");
  await inEachView(page, "6-deleted");
}

/** The second browser shows it within a second after the first one. */
async function isSeenSoon(what, shown, state = "visible") {
  const begun = performance.now();
  await shown.waitFor({ state, timeout: 10_000 });
  const took = Math.round(performance.now() - begun);
  console.log(`the second browser saw ${what} ${took} ms after the first`);
  assert.ok(took < 1_000, `${what}: ${took} ms`);
}
