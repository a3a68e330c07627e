// The pictures of the README, taken from the running platform: stores that are made,
// ready, failing and ended, in both themes and at phone width. Only where somebody
// asks for them:
//
//     URUMI_README_PICTURES=$PWD/docs/pictures make e2e
import assert from "node:assert/strict";
import { mkdirSync, statSync } from "node:fs";
import { after, before, test } from "node:test";
import { api, dashboard, launch, newPage, until } from "./browser.mjs";

const folder = process.env.URUMI_README_PICTURES;
const AT_MOST_BYTES = 100_000;
const SIZE = { viewport: { width: 1100, height: 700 }, reducedMotion: "reduce" };
const LIGHT = { ...SIZE, colorScheme: "light" };
const SHORT = { ...SIZE, viewport: { width: 1100, height: 620 }, colorScheme: "dark" };
const DARK = { ...SIZE, colorScheme: "dark" };
const PHONE = { ...LIGHT, viewport: { width: 390, height: 780 }, isMobile: true };

let browser;
const stores = [];

before(async () => {
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  browser = await launch();
});

after(async () => {
  await browser?.close();
  for (const id of stores) await api("DELETE", `/stores/${id}`, undefined, 202);
});

async function aStore(name, labels = {}) {
  const { id } = await api("POST", "/stores", { name, labels }, 202);
  stores.push(id);
  return id;
}
const status = async (id) => (await api("GET", `/stores/${id}`, undefined, 200)).status;

async function take(name, view, path, shown) {
  const page = await newPage(browser, [], view);
  await page.goto(new URL(path, dashboard).href);
  await shown(page).first().waitFor({ timeout: 120_000 });
  const file = `${folder}/${name}.png`;
  await page.screenshot({ path: file });
  await page.context().close();
  const { size } = statSync(file);
  console.log(`${name}.png ${size} bytes`);
  assert.ok(size <= AT_MOST_BYTES, `${name}.png has ${size} bytes`);
}

test("pictures of the dashboard", { skip: !folder, timeout: 600_000 }, async () => {
  const tea = await aStore("Tea & Ceramics", { team: "north" });
  await until("it is being made", async () => (await status(tea)) === "Provisioning");
  await take("progress", LIGHT, `/ui/stores/${tea}`, (page) =>
    page.getByText("Starting database and shop"),
  );
  await until("it is Ready", async () => (await status(tea)) === "Ready", 240_000);
  await take("pods", SHORT, `/ui/stores/${tea}/inside`, (page) => page.getByText("Memory, reserved"));

  const ended = await aStore("Spare parts");
  await api("POST", `/stores/${ended}/cancel`, undefined, 202);
  const garden = await aStore("Garden tools", { team: "south" });
  await until("it is Ready", async () => (await status(garden)) === "Ready", 240_000);
  await api("PATCH", `/stores/${garden}`, { image: "0.0.0-not-there" }, 202);
  await take("failing", LIGHT, `/ui/stores/${garden}`, (page) =>
    page.locator(".failure").getByText("ImagePull"),
  );
  await aStore("Wool & Yarn");
  const parts = (page) => page.locator(".halves").filter({ hasText: "Running now" });
  await take("overview", DARK, "/", (page) =>
    parts(page).filter({ hasText: "Spare parts" }).filter({ hasText: "Wool & Yarn" }),
  );
  await take("stores", LIGHT, "/ui/stores", (page) => page.getByRole("table"));
  await take("phone", PHONE, "/ui/stores", (page) => page.getByRole("table"));
});
