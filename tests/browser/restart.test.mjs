// The api goes away while two pages watch and comes back: they say that it is away,
// and then show all that happened meanwhile, without being loaded anew. A reader of
// the stream of events gets each of them once, in their order.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { api, inEachView, launch, newPage, until } from "./browser.mjs";
import { apiBeside } from "./guarded.mjs";

let browser;
let beside;
const stores = [];

before(async () => {
  browser = await launch();
  beside = await apiBeside();
});

after(async () => {
  await browser?.close();
  await beside?.stop();
  for (const id of stores) await api("DELETE", `/stores/${id}`, undefined, 202);
  for (const id of stores) {
    await until(`${id} is gone`, async () => {
      const { status } = await api("GET", `/stores/${id}`, undefined, 200);
      return status === "Deleted";
    });
  }
});

/** A store whose making is ended at once. */
async function anEndedStore(name) {
  const { id } = await api("POST", "/stores", { name }, 202);
  stores.push(id);
  await api("POST", `/stores/${id}/cancel`, undefined, 202);
  await isInTheEnd(id, "Failed");
  return id;
}

/** Asked of the api that stays. */
const isInTheEnd = (id, wanted) =>
  until(
    `${id} is ${wanted}`,
    async () => (await api("GET", `/stores/${id}`, undefined, 200)).status === wanted,
    240_000,
  );

test("nothing is missed while the api is away during a watch", async () => {
  const first = await anEndedStore("Watched before");
  const complaints = [];
  const open = async (path) => {
    const page = await newPage(browser, complaints, { baseURL: beside.url }, beside.url);
    await page.goto(path);
    await page.evaluate("globalThis.isTheSamePage = true");
    return page;
  };
  const list = await open("/ui/stores");
  const one = await open(`/ui/stores/${first}/settings`);
  const row = (id) => list.getByRole("row").filter({ hasText: id });
  await row(first).getByText("Failed", { exact: true }).waitFor();
  await one.getByLabel("Labels").waitFor();
  await one.evaluate(() => {
    globalThis.seen = [];
    const keep = ({ lastEventId }) => globalThis.seen.push(Number(lastEventId));
    const types = ["store.status_changed", "store.health_changed", "store.changed", "operation.changed", "operation.step"];
    const follow = () => {
      const stream = new EventSource(`/stores/events?after=${globalThis.seen.at(-1) ?? 0}`);
      for (const type of types) stream.addEventListener(type, keep);
      // A browser comes back by itself, but not after an answer that is no stream.
      stream.addEventListener("error", () => {
        if (stream.readyState === EventSource.CLOSED) setTimeout(follow, 300);
      });
    };
    follow();
  });
  await until("the stream has begun", () => one.evaluate("globalThis.seen.length > 0"));

  await beside.stop();
  await list.getByText("The API does not answer").waitFor();
  await one.getByText("The API does not answer").waitFor();
  await inEachView(list, "away");
  await api("POST", `/stores/${first}/retry`, undefined, 202);
  await isInTheEnd(first, "Ready");
  await api("PATCH", `/stores/${first}`, { labels: { meanwhile: "yes" } }, 200);
  const second = await anEndedStore("Made meanwhile");

  const begun = performance.now();
  await beside.start();
  await row(second).getByText("Failed", { exact: true }).waitFor();
  await row(first).getByText("Ready", { exact: true }).waitFor();
  console.log(`all is shown ${Math.round(performance.now() - begun)} ms after the api's start began`);
  await list.getByText("The API does not answer").waitFor({ state: "detached" });
  await one.getByText("Ready", { exact: true }).first().waitFor();
  await until("the settings show the new label", async () =>
    (await one.getByLabel("Labels").inputValue()).includes("meanwhile=yes"),
  );
  for (const page of [list, one]) {
    assert.ok(await page.evaluate("globalThis.isTheSamePage"), "it was not loaded anew");
  }

  const told = await eventsOf(second);
  await until("the stream has gone on", () =>
    one.evaluate((last) => globalThis.seen.includes(last), told.at(-1)),
  );
  const seen = await one.evaluate("globalThis.seen");
  assert.deepEqual(seen, [...new Set(seen)].toSorted((a, b) => a - b), "each once, in order");
  const missed = [...(await eventsOf(first)), ...told].filter((id) => !seen.includes(id));
  assert.deepEqual(missed, [], "what the stream of the page missed");
  console.log(`${seen.length} events, none missed and none twice, over a restart of the api`);
  assert.deepEqual(complaints, []);
});

/** The ids of all that was told of a store so far. */
async function eventsOf(id) {
  const answer = await fetch(`${beside.url}/stores/${id}/events?after=0&follow=false`);
  const text = await answer.text();
  const events = text.split("\n").filter((line) => line.startsWith("data: "));
  return events.map((line) => JSON.parse(line.slice(6)).id);
}
