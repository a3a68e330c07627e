// Looks at the built dashboard in a real Chromium: every look in light, dark and
// at phone width, saved under smoke/shots; no foreign request, no breach of the
// content policy, no script of a store's name, no finding of axe-core.
// Needs `npm run build` and a Chromium (CHROMIUM, else /usr/bin/chromium).
import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { serve } from "./server.mjs";
import { everyLook } from "./stores.mjs";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const shots = fileURLToPath(new URL("./shots/", import.meta.url));
await mkdir(shots, { recursive: true });

let stores = everyLook();
let away = false;
const answers = {
  "GET /stores": () => [200, { items: stores, next_cursor: null, prev_cursor: null }],
  "POST /stores": () => [
    422,
    {
      title: "Unprocessable",
      status: 422,
      detail: "The store's name is not valid: must not contain control characters (found U+202E).",
      code: "invalid_request",
      request_id: "0193a0aa-7d11-7c1e-9c11-0a1b2c3d4e5f",
      errors: [{ pointer: "/name", detail: "must not contain control characters (found U+202E)" }],
    },
  ],
};
for (const id of ["store-b8dcxj", "store-d9fwzt"]) {
  answers[`POST /stores/${id}/retry`] = () => [
    409,
    {
      title: "Another operation is open",
      status: 409,
      detail: `\`${id}\` is busy: its operation 01a20997-9d2d-77ab-bb7c-ac19d4fcd2e1 (Update is Running) has not ended. Wait until it has (GET /operations/01a20997-9d2d-77ab-bb7c-ac19d4fcd2e1), or cancel it with POST /stores/${id}/cancel.`,
      code: "operation_open",
      request_id: "0193a0aa-7d11-7c1e-9c11-0a1b2c3d4e5f",
    },
  ];
}
const server = await serve(
  new Proxy(answers, { get: (table, key) => (away ? undefined : table[key]) }),
);

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

const open = async (page, path = "") => {
  await page.goto(server.url + path);
  await page.getByRole("table").waitFor();
};

const scenes = {
  list: (page) => open(page),
  progress: (page) => open(page, "?store=store-kq7w2x"),
  ready: (page) => open(page, "?store=store-h4mvnc"),
  putoff: (page) => open(page, "?store=store-t3nxsd"),
  degraded: (page) => open(page, "?store=store-m5ktrp"),
  change: (page) => open(page, "?store=store-d9fwzt"),
  refused: async (page) => {
    await open(page);
    await page.getByRole("button", { name: "Retry Spare parts" }).click();
    await page.getByRole("alert").waitFor();
  },
  failed: (page) => open(page, "?store=store-b8dcxj"),
  create: async (page) => {
    await open(page);
    await page.getByRole("button", { name: "New store" }).click();
    await page.getByLabel("Name").fill("Tea\u202e");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").waitFor();
  },
  delete: async (page) => {
    await open(page);
    await page.getByRole("button", { name: /^Delete Caf/ }).click();
    await page.getByRole("textbox").fill("Café Zürich");
  },
  away: async (page) => {
    await open(page);
    away = true;
    await page.getByText(/The API does not answer/).waitFor();
    away = false;
  },
  empty: async (page) => {
    const kept = stores;
    stores = [];
    await page.goto(server.url);
    await page.getByText("Create your first store").waitFor();
    stores = kept;
  },
};
const views = {
  light: { colorScheme: "light", viewport: { width: 1200, height: 760 } },
  dark: { colorScheme: "dark", viewport: { width: 1200, height: 760 } },
  phone: { colorScheme: "light", viewport: { width: 375, height: 760 }, isMobile: true },
};

try {
  for (const [view, settings] of Object.entries(views)) {
    for (const [scene, act] of Object.entries(scenes)) {
      stores = everyLook();
      await look(`${scene}-${view}`, settings, act);
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
