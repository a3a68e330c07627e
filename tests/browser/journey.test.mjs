// The journey of one store in a real browser, against the real platform:
// create, watch the steps, open the shop, delete with the typed name.
// `tests/e2e.sh` brings the platform up and installs the browser.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { mkdirSync } from "node:fs";
import { after, before, test } from "node:test";

const require = createRequire(new URL("../../dashboard/package.json", import.meta.url));
const { chromium } = require("playwright-core");

const dashboard = process.env.URUMI_DASHBOARD;
const pictures = process.env.URUMI_PICTURES;
const NAME = "Shop <img src=x onerror=alert(1)>";
const READY = 180_000;

let browser;
let page;
const complaints = [];

before(async () => {
  assert.ok(dashboard, "URUMI_DASHBOARD is not set; run tests/e2e.sh, which brings up a platform");
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox", // root in a container or VM has no user namespace for it
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
    ],
  });
  page = await browser.newPage({ viewport: { width: 1200, height: 800 } });
  page.setDefaultTimeout(15_000);
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("dialog", (dialog) => complaints.push(`a script ran: ${dialog.message()}`));
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== new URL(dashboard).origin) {
      complaints.push(`a request left the origin: ${request.url()}`);
    }
  });
});

after(() => browser?.close());

async function picture(name) {
  if (!pictures) return;
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: `${pictures}/${name}.png`, fullPage: true });
}

test("a shop owner creates a store, watches it, opens it and deletes it", async () => {
  await page.goto(dashboard);
  await picture("1-empty");
  await page.getByRole("button", { name: /New store|Create your first store|Create/ }).first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill(NAME);
  await dialog.getByRole("button", { name: "Create store" }).click();
  await dialog.waitFor({ state: "detached" });

  const row = page.getByRole("row").filter({ hasText: NAME }).first();
  await row.getByText("Provisioning").waitFor({ timeout: 60_000 });
  await page.getByText("Starting database and shop").first().waitFor({ timeout: 60_000 });
  await picture("2-provisioning");

  await row.getByText("Ready", { exact: true }).waitFor({ timeout: READY });
  await picture("3-ready");
  const address = await row.getByRole("link").getAttribute("href");
  assert.match(address, /^http:\/\/store-[b-z2-9]{6}\.localhost(:\d+)?\/?$/);

  const shop = await browser.newPage();
  const answer = await shop.goto(address, { waitUntil: "domcontentloaded" });
  assert.equal(answer.status(), 200);
  assert.ok((await shop.title()).includes("Shop"), await shop.title());
  await shop.close();

  await row.getByRole("button", { name: /^Delete/ }).click();
  const confirm = page.getByRole("dialog");
  const remove = confirm.getByRole("button", { name: "Delete store" });
  assert.ok(await remove.isDisabled(), "not without the typed name");
  await confirm.getByRole("textbox").fill(NAME);
  await remove.click();
  await confirm.waitFor({ state: "detached" });
  await row.waitFor({ state: "detached", timeout: 120_000 });
  await picture("4-deleted");

  assert.deepEqual(complaints, []);
});
