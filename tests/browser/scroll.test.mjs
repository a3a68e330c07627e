// A list of a million stores, page by page to the hundredth and at its far end: the
// page's memory stays what it was. `tests/scroll.sh` serves it from a real api.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { dashboard, launch, newPage } from "./browser.mjs";

const PAGES = Number(process.env.URUMI_PAGES ?? 200);
/** Answers are kept for the way back; after so many pages all places are taken. */
const WARM = 30;
const GROWTH_BYTES = 2_000_000;

let browser;

before(async () => {
  browser = await launch();
});

after(() => browser?.close());

test("a list of many stores is read page by page without growing memory", async () => {
  const complaints = [];
  const page = await newPage(browser, complaints);
  const session = await page.context().newCDPSession(page);
  const measure = async () => {
    await session.send("HeapProfiler.collectGarbage");
    const { usedSize } = await session.send("Runtime.getHeapUsage");
    const { nodes } = await session.send("Memory.getDOMCounters");
    return { usedSize, nodes };
  };
  await page.goto(dashboard);
  const total = Number((await page.locator(".count-number").first().innerText()).replace(/\D/g, ""));
  await page.goto(new URL("/ui/stores", dashboard).href);
  const next = page.getByRole("button", { name: "Next" });
  const firstId = () => page.locator("tbody tr .id").first().innerText();
  const took = [];
  const seen = new Set([await firstId()]);
  let warm;
  for (let at = 1; at <= PAGES; at += 1) {
    const before = await firstId();
    const begun = performance.now();
    await next.click();
    await page.locator("tbody tr:first-child .id").filter({ hasNotText: before }).waitFor();
    took.push(performance.now() - begun);
    seen.add(await firstId());
    if (at === WARM) warm = await measure();
  }
  const end = await measure();
  assert.equal(seen.size, PAGES + 1, "each page was another one");
  took.sort((a, b) => a - b);
  const kB = (bytes) => Math.round(bytes / 1000);
  console.log(`${total} stores; ${PAGES} pages; a page in ${Math.round(took[PAGES >> 1])} ms (median), ${Math.round(took.at(-1))} ms at most`);
  console.log(`heap ${kB(warm.usedSize)} kB after ${WARM} pages, ${kB(end.usedSize)} kB after ${PAGES}; nodes ${warm.nodes} and ${end.nodes}`);
  assert.ok(end.usedSize - warm.usedSize < GROWTH_BYTES, "the heap has grown");
  assert.ok(end.nodes < warm.nodes * 1.5 + 500, "nodes are left behind");

  await page.goto(new URL("/ui/stores?sort=created_at", dashboard).href);
  const far = performance.now();
  await page.locator("tbody tr").first().waitFor();
  console.log(`the far end is shown after ${Math.round(performance.now() - far)} ms`);
  assert.deepEqual(complaints, []);
});
