// Looks at the built dashboard in a real Chromium: every look in light, dark and
// at phone width, saved under smoke/shots; no foreign request, no breach of the
// content policy, no script of a store's name, no finding of axe-core.
// Needs `npm run build` and a Chromium (CHROMIUM, else /usr/bin/chromium).
import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { admin, answers, operator, scene, viewer } from "./answers.mjs";
import { serve } from "./server.mjs";
import { everyLook } from "./stores.mjs";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const shots = fileURLToPath(new URL("./shots/", import.meta.url));
await mkdir(shots, { recursive: true });

const server = await serve(answers);

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});

const problems = [];
// `npm run smoke -- list audit` looks at these scenes alone.
const only = process.argv.slice(2);

async function staysInside(page, name) {
  const wide = await page.evaluate(
    "document.documentElement.scrollWidth - document.documentElement.clientWidth",
  );
  assert.equal(wide, 0, `${name}: the page scrolls sideways by ${wide} px`);
}

async function look(name, view, scene) {
  const context = await browser.newContext({ reducedMotion: "reduce", bypassCSP: false, ...view });
  const page = await context.newPage();
  page.on("request", (request) => {
    if (!request.url().startsWith(server.url)) {
      problems.push(`${name}: asked for ${request.url()}`);
    }
  });
  page.on("console", (message) => {
    if (message.type() === "error" && !message.text().includes("Failed to load resource")) {
      problems.push(`${name}: ${message.text()}`);
    }
  });
  page.on("pageerror", (error) => problems.push(`${name}: ${error.message}`));
  await scene(page);
  await page.screenshot({ path: `${shots}${name}.png`, fullPage: true });

  assert.equal(await page.evaluate("globalThis.ran"), undefined, "a store's name ran as script");
  for (const width of view.isMobile ? [] : [768, 964, view.viewport.width]) {
    await page.setViewportSize({ ...view.viewport, width });
    await staysInside(page, `${name} at ${width} px`);
  }
  await staysInside(page, name);
  // Evaluated through the debugger, which the page's content policy does not bind.
  await page.evaluate(axe);
  const found = await page.evaluate(
    "axe.run({ runOnly: ['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa','best-practice'] })",
  );
  for (const { id, nodes } of found.violations) {
    problems.push(`${name}: axe ${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" | ")}`);
  }
  await context.close();
}

const open = (path, until) => async (page) => {
  await page.goto(server.url + path);
  await until(page).first().waitFor();
};
const table = (page) => page.getByRole("table");
const text = (words) => (page) => page.getByText(words);
const press = (page, name) => page.getByRole("button", { name }).first().click();

const scenes = {
  overview: open("", text("Needs attention")),
  list: open("ui/stores", table),
  none: open("ui/stores?status=Cancelled", text("No store matches")),
  progress: open("ui/stores/store-kq7w2x", text("Starting database")),
  ready: async (page) => {
    await open("ui/stores/store-h4mvnc", text("First ready"))(page);
    await page.getByText("As curl and CLI").click();
  },
  hostile: open("ui/stores/store-w6gkzs", text("Facts")),
  long: open("ui/stores/store-v9ttr4", text("Removing the namespace")),
  held: open("ui/stores/store-r7xkfb", text("It can still be undone")),
  putoff: open("ui/stores/store-t3nxsd", text("On hold")),
  degraded: open("ui/stores/store-m5ktrp", text("Facts")),
  change: open("ui/stores/store-d9fwzt", text("Facts")),
  failed: open("ui/stores/store-b8dcxj", text("Facts")),
  operations: async (page) => {
    await open("ui/stores/store-b8dcxj/operations", text("Create"))(page);
    await page.locator("summary").first().click();
  },
  inside: open("ui/stores/store-m5ktrp/inside", text("wordpress-7c9f5d8b6d-x2x9k")),
  logs: async (page) => {
    await scenes.inside(page);
    await press(page, "Logs of wordpress in wordpress-7c9f5d8b6d-x2x9k");
    await page.getByText("onerror=").waitFor();
  },
  storeaudit: open("ui/stores/store-h4mvnc/audit", table),
  settings: open("ui/stores/store-h4mvnc/settings", text("Save changes")),
  unknown: open("ui/stores/store-zzzzzz", text("There is no such store")),
  refused: async (page) => {
    await open("ui/stores", table)(page);
    await press(page, "Retry Spare parts");
    await page.getByRole("alert").waitFor();
  },
  bulk: async (page) => {
    await open("ui/stores", table)(page);
    await page.getByLabel("Choose Spare parts").check();
    await page.getByLabel("Choose Garden tools").check();
    await page.getByLabel("With the chosen stores").getByRole("button", { name: "Retry" }).click();
    await page.getByText("0 of 2 accepted").waitFor();
  },
  create: async (page) => {
    await open("", text("Needs attention"))(page);
    await press(page, "New store");
    await page.getByLabel("Name").fill("Tea\u202e");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").waitFor();
  },
  delete: async (page) => {
    await open("ui/stores", table)(page);
    await press(page, /^Delete Caf/);
    await page.getByRole("textbox", { name: /Type/ }).fill("Café Zürich");
  },
  suspend: async (page) => {
    await open("ui/stores/store-h4mvnc", text("Facts"))(page);
    await press(page, "Suspend");
  },
  audit: async (page) => {
    await open("ui/audit", table)(page);
    await press(page, "Verify the chain");
    await page.getByText("All 7 rows fit together.").waitFor();
    await page.locator("summary").nth(1).click();
  },
  letters: open("ui/dead-letters", text("store.events")),
  access: open("ui/access", text("as the platform")),
  newkey: async (page) => {
    await open("ui/access", table)(page);
    await press(page, "New key");
    await page.getByLabel("What for").fill("ci");
  },
  shownkey: async (page) => {
    await scenes.newkey(page);
    await press(page, "Create key");
    await page.getByText("Copy this key now").waitFor();
  },
  preferences: async (page) => {
    scene.me = operator;
    await open("", text("Needs attention"))(page);
    await press(page, "Preferences");
    await page.getByText("Log out").waitFor();
  },
  viewer: async (page) => {
    scene.me = viewer;
    await open("ui/stores", table)(page);
  },
  viewerstore: async (page) => {
    scene.me = viewer;
    await open("ui/stores/store-h4mvnc/settings", text("Your role may look"))(page);
  },
  german: async (page) => {
    await open("", text("Needs attention"))(page);
    await press(page, "Preferences");
    await page.getByLabel("Language").selectOption("de");
    await page.keyboard.press("Escape");
    await page.getByText("Braucht Aufmerksamkeit").waitFor();
    assert.equal(await page.evaluate("document.documentElement.lang"), "de");
  },
  login: async (page) => {
    scene.me = undefined;
    await open("", text("API key"))(page);
  },
  nowhere: open("ui/elsewhere", text("To the overview")),
  away: async (page) => {
    await open("ui/stores", table)(page);
    scene.away = true;
    await page.getByText(/The API does not answer/).waitFor();
    scene.away = false;
  },
  empty: async (page) => {
    scene.stores = [];
    await open("", text("Create your first store"))(page);
  },
};
const views = {
  light: { colorScheme: "light", viewport: { width: 1200, height: 760 } },
  dark: { colorScheme: "dark", viewport: { width: 1200, height: 760 } },
  phone: { colorScheme: "light", viewport: { width: 375, height: 760 }, isMobile: true },
};

try {
  for (const [view, settings] of Object.entries(views)) {
    for (const [name, act] of Object.entries(scenes)) {
      if (only.length > 0 && !only.includes(name)) {
        continue;
      }
      Object.assign(scene, { away: false, stores: everyLook(), me: admin });
      await look(`${name}-${view}`, settings, act);
    }
  }
} finally {
  await browser.close();
  await server.close();
}
for (const problem of problems) {
  console.error(problem);
}
console.log(`${Object.keys(scenes).length * Object.keys(views).length} pictures in smoke/shots`);
process.exitCode = problems.length > 0 ? 1 : 0;
