// What the browser's tests share: a Chromium that may talk to nobody but the
// dashboard, what it complains about, and pictures of what it shows.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(new URL("../../dashboard/package.json", import.meta.url));
const { chromium } = require("playwright-core");

export const dashboard = process.env.URUMI_DASHBOARD;
const pictures = process.env.URUMI_PICTURES;
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const PHONE = { width: 375, height: 760 };
/** The looks in which pages are looked at, as contexts of a browser. */
export const VIEWS = {
  light: { colorScheme: "light" },
  dark: { colorScheme: "dark" },
  phone: { colorScheme: "light", viewport: PHONE, isMobile: true },
};

export function launch() {
  assert.ok(dashboard, "URUMI_DASHBOARD is not set; run tests/e2e.sh, which brings up a platform");
  return chromium.launch({
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
}

/** A page of its own context; what must never happen on it goes to `complaints`. */
export async function newPage(browser, complaints, view = {}, home = dashboard) {
  const context = await browser.newContext({ viewport: { width: 1200, height: 800 }, ...view });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("dialog", (dialog) => {
    complaints.push(`a script ran: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("console", (message) => {
    if (/Content Security Policy|Refused to/.test(message.text())) {
      complaints.push(message.text());
    }
  });
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== new URL(home).origin) {
      complaints.push(`a request left the origin: ${request.url()}`);
    }
  });
  return page;
}

/** Keeps a picture under URUMI_PICTURES, where one is wanted. */
export async function picture(page, name) {
  if (!pictures) return;
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: `${pictures}/${name}.png`, fullPage: true });
}

/** The page as it is, in each look: a picture of it, and what else is to be done there. */
export async function inEachView(page, name, look = async () => undefined) {
  const size = page.viewportSize();
  for (const [view, { colorScheme, viewport = size }] of Object.entries(VIEWS)) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(viewport);
    await picture(page, `${name}-${view}`);
    await look(page, `${name} in ${view}`);
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize(size);
}

/** No finding of axe-core, nothing wider than the screen, no markup but the page's own. */
export async function isSound(page, name) {
  const wide = await page.evaluate(
    "document.documentElement.scrollWidth - document.documentElement.clientWidth",
  );
  assert.equal(wide, 0, `${name}: the page scrolls sideways by ${wide} px`);
  await hasNoMarkupOfTenants(page, name);
  await page.evaluate(axe);
  const found = await page.evaluate(
    "axe.run({ runOnly: ['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa','best-practice'] })",
  );
  const findings = found.violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 160)}`);
  assert.deepEqual(findings, [], name);
}

export async function hasNoMarkupOfTenants(page, name) {
  const alien = await page.locator("main :is(script, iframe, img, [onload], [onerror])").count();
  assert.equal(alien, 0, `${name}: a tenant's words became markup`);
}

/** The page in the hands of somebody who has a keyboard and nothing else. */
export function keyboardOf(page) {
  const press = async (...keys) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  const type = (text) => page.keyboard.type(text);

  /** What has the focus, as somebody hears it: its label or its text. */
  const focused = () =>
    page.evaluate(() => {
      const element = document.activeElement;
      const label = element?.labels?.[0]?.textContent;
      return (element?.getAttribute("aria-label") ?? label ?? element?.textContent ?? "").trim();
    });

  /** Presses Tab (or the way back) until that has the focus. */
  const tabTo = async (wanted, key = "Tab") => {
    for (let presses = 0; presses < 120; presses += 1) {
      if (wanted.test(await focused())) return;
      await press(key);
    }
    assert.fail(`no ${key} leads to ${wanted}`);
  };
  return { press, type, focused, tabTo };
}

/** Asks the api as a program would; `expected` is the answer's status. */
export async function api(method, path, body, expected) {
  const answer = await fetch(new URL(path, dashboard), {
    method,
    headers: { ...(body ? { "Content-Type": "application/json" } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const text = await answer.text();
  assert.equal(answer.status, expected, `${method} ${path}: ${text}`);
  return text === "" ? undefined : JSON.parse(text);
}

/** Waits until `holds()` is something, and gives that. */
export async function until(what, holds, deadlineMs = 60_000) {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const found = await holds();
    if (found) return found;
    assert.ok(Date.now() < end, `${what}: not within ${deadlineMs} ms`);
    await new Promise((next) => setTimeout(next, 200));
  }
}
