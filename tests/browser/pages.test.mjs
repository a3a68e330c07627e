// Every page on the real platform, in both themes and at phone width: no finding
// of axe-core, nothing wider than the screen, and a corpus of scripts in every
// field that a tenant can set runs nothing. And what roles see: a viewer no button
// that changes anything, which the api refuses to him anyway.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  api,
  dashboard,
  hasNoMarkupOfTenants,
  inEachView,
  isSound,
  keyboardOf,
  launch,
  newPage,
  picture,
  until,
  VIEWS,
} from "./browser.mjs";
import { guardedApi } from "./guarded.mjs";

const CORPUS = [
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(2)>",
  "\"><svg onload=alert(3)>",
  "'-alert(4)-'",
  "javascript:alert(5)",
  "{{constructor.constructor('alert(6)')()}}",
  "<iframe srcdoc='<script>alert(7)</script>'>",
  "\\u003cscript>alert(8)\\u003c/script>",
  "</title><script>alert(9)</script>",
  "<a href=javascript:alert(10)>x</a>",
  `\u0645\u062a\u062c\u0631 ${"W".repeat(50)}`,
];
/** Addresses that a mail server may know, with a script where one has room. */
const MAILS = ['"<img/src/onerror=alert(20)>"@example.com', "javascript:alert(21)//@example.com"];
const MADE = [...CORPUS, "browser viewer", "browser admin"];

let browser;
let store;
let hook;
/** Ids of keys that there were before; those that this test makes are taken back. */
let known;
const stores = [];
const complaints = [];

before(async () => {
  browser = await launch();
  known = new Set((await activeKeys()).map(({ id }) => id));
  for (const [at, name] of CORPUS.entries()) {
    const wish = { name, labels: { note: name.slice(0, 63), [`n${at}`]: "x" } };
    const made = await aStore(wish, MAILS[at % MAILS.length]);
    stores.push(made.id);
    // No pods are wanted for this: what is asked for is ended at once.
    await api("POST", `/stores/${made.id}/cancel`, undefined, 202);
  }
  store = stores[1];
  for (const name of CORPUS) {
    await api("POST", "/keys", { name: name.slice(0, 60), role: "viewer" }, 201);
  }
  const url = `https://example.com/${encodeURI(CORPUS[1])}?q=${CORPUS[2]}`;
  hook = await api("POST", "/webhooks", { url, enabled: false }, 201);
});

/** With that address of its owner, unless the api takes none such. */
async function aStore(wish, admin_email) {
  const asked = await fetch(new URL("/stores", dashboard), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ...wish, admin_email }),
  });
  if (asked.status === 202) return asked.json();
  assert.equal(asked.status, 422, await asked.text());
  return api("POST", "/stores", wish, 202);
}

after(async () => {
  for (const id of stores) {
    await api("DELETE", `/stores/${id}`, undefined, 202);
  }
  for (const id of stores) {
    await until(`${id} is gone`, async () => {
      const { status } = await api("GET", `/stores/${id}`, undefined, 200);
      return status === "Deleted";
    });
  }
  if (hook) await api("DELETE", `/webhooks/${hook.id}`, undefined, 204);
  for (const { id, name } of await activeKeys()) {
    if (!known.has(id) && MADE.some((made) => made.startsWith(name))) await api("DELETE", `/keys/${id}`, undefined, 204);
  }
  await browser?.close();
});

/** Newest first: what this test makes is on the first page. */
async function activeKeys() {
  const { items } = await api("GET", "/keys?limit=200", undefined, 200);
  return items.filter(({ status }) => status === "Active");
}

const pages = () => ({
  overview: "/",
  stores: "/ui/stores",
  filtered: "/ui/stores?status=Suspended",
  searched: `/ui/stores?q=${encodeURIComponent(CORPUS[1])}&label=${encodeURIComponent(`note:${CORPUS[2]}`)}`,
  store: `/ui/stores/${store}`,
  inside: `/ui/stores/${store}/inside`,
  operations: `/ui/stores/${store}/operations`,
  storeaudit: `/ui/stores/${store}/audit`,
  settings: `/ui/stores/${store}/settings`,
  audit: "/ui/audit",
  letters: "/ui/dead-letters",
  access: "/ui/access",
  nowhere: "/ui/elsewhere",
});

for (const [view, settings] of Object.entries(VIEWS)) {
  test(`every page is sound in ${view}`, async () => {
    const page = await newPage(browser, complaints, { reducedMotion: "reduce", ...settings });
    for (const [name, path] of Object.entries(pages())) {
      await page.goto(new URL(path, dashboard).href);
      await isThere(page);
      for (const summary of await page.locator("main summary").all()) {
        await summary.click();
      }
      await picture(page, `${name}-${view}`);
      await isSound(page, `${name} in ${view}`);
    }
    await page.context().close();
    assert.deepEqual(complaints, []);
  });
}

/**
 * Each opens by its button on a page; nothing of it is sent. Those of a store that is
 * Ready are in journey.test.mjs.
 */
const dialogs = () => ({
  newstore: ["/", "New store"],
  delete: [`/ui/stores/${store}`, "Delete"],
  newkey: ["/ui/access", "New key"],
  revoke: ["/ui/access", /^Revoke </],
  newtenant: ["/ui/access", "New tenant"],
  limits: ["/ui/access", /^Limits of/],
});

for (const [view, settings] of Object.entries(VIEWS)) {
  test(`every dialog is sound in ${view}, and goes with Escape`, async () => {
    const page = await newPage(browser, complaints, { reducedMotion: "reduce", ...settings });
    for (const [name, [path, button]] of Object.entries(dialogs())) {
      await page.goto(new URL(path, dashboard).href);
      await isThere(page);
      await page.getByRole("button", { name: button, exact: true }).first().click();
      await page.getByRole("dialog").waitFor();
      await picture(page, `${name}-${view}`);
      await isSound(page, `${name} in ${view}`);
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "detached" });
    }
    await page.context().close();
    assert.deepEqual(complaints, []);
  });
}

/** What the page is about is there, not only its heading. */
async function isThere(page) {
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.locator("main :is(.card, .empty, table, .letters)").first().waitFor();
}

test("each script of the corpus is plain text on its store's page and in its settings", async () => {
  const page = await newPage(browser, complaints);
  for (const [at, name] of CORPUS.entries()) {
    await page.goto(new URL(`/ui/stores/${stores[at]}`, dashboard).href);
    await isThere(page);
    assert.equal(await page.locator("main h1").textContent(), name);
    await page.getByText(`note=${name.slice(0, 63)}`, { exact: true }).first().waitFor();
    await hasNoMarkupOfTenants(page, `the page of ${name}`);

    await page.goto(new URL(`/ui/stores/${stores[at]}/settings`, dashboard).href);
    await isThere(page);
    assert.equal(await page.getByLabel("Name", { exact: true }).inputValue(), name);
    const labels = await page.getByLabel("Labels", { exact: true }).inputValue();
    assert.ok(labels.split("\n").includes(`note=${name.slice(0, 63)}`), labels);
    await hasNoMarkupOfTenants(page, `the settings of ${name}`);
  }
  await page.context().close();
  assert.deepEqual(complaints, []);
});

test("why a store failed and what to do stay on its page, also after it is loaded anew", async () => {
  const page = await newPage(browser, complaints);
  await page.goto(new URL(`/ui/stores/${store}`, dashboard).href);
  const why = page.locator(".failure");
  await why.locator("h2 code").getByText("Cancelled", { exact: true }).waitFor();
  assert.match(await why.locator(".cause").innerText(), /\S/);
  const told = await why.innerText();
  assert.match(told, /What to do\s+\S/);
  await page.reload();
  await why.waitFor();
  assert.equal(await why.innerText(), told);
  await page.context().close();
});

test("by keyboard alone: to a page, to a store, a dialog and out of it", async () => {
  const page = await newPage(browser, complaints);
  const { focused, tabTo } = keyboardOf(page);
  await page.goto(dashboard);
  await page.getByRole("link", { name: "Stores", exact: true }).first().waitFor();
  await tabTo(/^Skip to the content$/);
  await page.keyboard.press("Enter");
  assert.equal(await focused(), "Overview");
  await page.keyboard.press("Shift+Tab");
  await tabTo(/^Skip to the content$/).catch(() => undefined);
  await page.reload();
  await page.getByRole("link", { name: "Stores", exact: true }).first().waitFor();
  await tabTo(/^Stores$/);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Stores" }).waitFor();
  await tabTo(/^<img src=x onerror=alert\(2\)>$/);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: CORPUS[1] }).waitFor();
  await tabTo(/^Delete$/);
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  assert.equal(await focused(), "Delete", "focus is back where it came from");
  await page.context().close();
  assert.deepEqual(complaints, []);
});

test("who logs in as a viewer sees no button that changes anything; the api refuses it anyway", async () => {
  const { url, keys, stop } = await guardedApi();
  try {
    for (const [view, settings] of Object.entries(VIEWS)) {
      const stranger = await newPage(browser, complaints, { baseURL: url, ...settings }, url);
      await stranger.goto("/");
      await stranger.getByLabel("API key").waitFor();
      await picture(stranger, `login-${view}`);
      await isSound(stranger, `login in ${view}`);
      await stranger.context().close();
    }
    const still = { baseURL: url, reducedMotion: "reduce" };
    const page = await newPage(browser, complaints, still, url);
    // Logged in and out by the keyboard alone.
    const { press, type, tabTo } = keyboardOf(page);
    const logIn = async (key) => {
      await page.getByLabel("API key").waitFor();
      await tabTo(/^API key$/);
      await press("Control+A");
      await type(key);
      await press("Enter");
    };
    await page.goto(`/ui/stores/${store}`);
    await logIn("urumi_nothing");
    await page.getByRole("alert").waitFor();
    await logIn(keys.viewer);
    await page.getByRole("heading", { level: 1, name: CORPUS[1] }).waitFor();

    for (const [name, path] of Object.entries(pages())) {
      await page.goto(path);
      await isThere(page);
      const buttons = await page.getByRole("button").allInnerTexts();
      const changes = /new|delete|retry|cancel|upgrade|suspend|resume|roll|save|revoke|replay|logs/i;
      assert.deepEqual(
        buttons.filter((text) => changes.test(text)),
        [],
        `${name} shows a viewer a button that changes something`,
      );
      await inEachView(page, `viewer-${name}`, isSound);
    }
    for (const [method, path, body] of [
      ["DELETE", `/stores/${store}`],
      ["POST", "/stores", {}],
      ["POST", `/stores/${store}/retry`],
      ["PATCH", `/stores/${store}`, { name: "Taken over" }],
      ["GET", `/stores/${store}/logs`],
      ["POST", "/keys", { name: "more", role: "admin" }],
    ]) {
      const status = await page.evaluate(
        async ([path, method, body]) => {
          const headers = { "Content-Type": "application/json" };
          return (await fetch(path, { method, headers, body })).status;
        },
        [path, method, body && JSON.stringify(body)],
      );
      assert.equal(status, 403, `the api refuses ${method} ${path} anyway`);
    }

    await tabTo(/^Preferences$/);
    await press("Enter");
    await tabTo(/^Log out$/);
    await press("Enter");
    await logIn(keys.admin);
    await page.getByRole("link", { name: "Keys and tenants" }).waitFor();
    await page.context().close();
    assert.deepEqual(complaints, []);
  } finally {
    await stop();
  }
});
