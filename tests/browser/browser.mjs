// What the browser's tests share: a Chromium that may talk to nobody but the
// dashboard, what it complains about, and pictures of what it shows.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(new URL("../../dashboard/package.json", import.meta.url));
const { chromium } = require("playwright-core");

export const dashboard = process.env.URUMI_DASHBOARD;
const pictures = process.env.URUMI_PICTURES;
export const axe = require.resolve("axe-core/axe.min.js");

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
