// The owner's way into the shop's admin: a link that the platform signs. In a real
// browser it lets in once; by HTTP everything else that comes to that door is
// refused, and the pod's log says why. The late and the strange are signed here
// with the platform's own key, which only this machine has.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createPrivateKey, generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

const require = createRequire(new URL("../../dashboard/package.json", import.meta.url));
const { chromium } = require("playwright-core");

const { URUMI_API: api, URUMI_INGRESS: ingress, KUBECONFIG: kubeconfig } = process.env;
const READY = 180_000;
/** A PKCS #8 document around the 32 bytes of an Ed25519 key (RFC 8410). */
const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");

let store;

before(async () => {
  assert.ok(api && ingress, "URUMI_API is not set; run tests/e2e.sh, which brings up a platform");
  const asked = await fetch(`${api}/stores`, { method: "POST" });
  store = await asked.json();
  const end = Date.now() + READY;
  while (store.status !== "Ready") {
    assert.ok(Date.now() < end && store.status !== "Failed", JSON.stringify(store));
    await pause(300);
    store = await (await fetch(`${api}/stores/${store.id}`)).json();
  }
});

after(async () => {
  if (!store) return;
  await fetch(`${api}/stores/${store.id}`, { method: "DELETE" });
});

async function link(key) {
  const headers = key ? { "Idempotency-Key": key } : {};
  const answer = await fetch(`${api}/stores/${store.id}/login-link`, { method: "POST", headers });
  const given = await answer.json();
  assert.equal(answer.status, 201, JSON.stringify(given));
  assert.equal(answer.headers.get("cache-control"), "no-store");
  return given;
}

const wordOf = (given) => given.url.split("#")[1];

/** POSTs a word to the shop's door: its status and where it leads. */
function knock(word) {
  const [host, port] = ingress.split(":");
  const body = new URLSearchParams({ word }).toString();
  const headers = { Host: new URL(store.url).host, "Content-Type": "application/x-www-form-urlencoded", "Content-Length": body.length };
  return new Promise((resolve, reject) => {
    const asked = request({ host, port, path: "/wp-login.php?action=urumi", method: "POST", headers }, (answer) => {
      answer.resume();
      const cookies = answer.headers["set-cookie"] ?? [];
      answer.on("end", () => resolve({ status: answer.statusCode, to: answer.headers.location, cookies }));
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

const platformKey = () => {
  const seed = readFileSync(new URL("secrets/login-seed", `file://${kubeconfig}`), "utf8");
  return createPrivateKey({ key: Buffer.concat([PKCS8, Buffer.from(seed, "base64")]), format: "der", type: "pkcs8" });
};

function signed(claims, key = platformKey(), purpose = "urumi-login-v1.") {
  const text = Buffer.from(JSON.stringify(claims)).toString("base64url");
  return `${text}.${sign(null, Buffer.from(purpose + text), key).toString("base64url")}`;
}

function claims(change = {}) {
  const now = Math.floor(Date.now() / 1000);
  return { id: randomUUID(), store: store.id, from: now, until: now + 60, ...change };
}

test("a link lets the owner into the admin, once", { timeout: 120_000 }, async () => {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
  });
  try {
    const given = await link();
    const owner = await browser.newPage();
    await owner.goto(given.url);
    await owner.waitForURL(/\/wp-admin\//, { timeout: 60_000 });
    assert.ok(await owner.locator("#wpadminbar").isVisible(), await owner.title());
    assert.ok(!owner.url().includes(wordOf(given)), "the word stays in no address");

    // Of somebody who found the link afterwards.
    const stranger = await (await browser.newContext()).newPage();
    const refused = stranger.waitForResponse((answer) => answer.request().method() === "POST");
    await stranger.goto(given.url);
    assert.equal((await refused).status(), 403);
    await stranger.goto(new URL("/wp-admin/", store.url).href);
    assert.match(stranger.url(), /wp-login\.php/);
    assert.match(log(), new RegExp(`let in, link ${given.id}`));
    assert.match(log(), new RegExp(`refused, used_before, link ${given.id}`));
  } finally {
    await browser.close();
  }
});

test("of eight that come with one link at once, one is let in", async () => {
  const word = wordOf(await link());
  const answers = await Promise.all(Array.from({ length: 8 }, () => knock(word)));
  const statuses = answers.map((answer) => answer.status).sort();
  assert.deepEqual(statuses, [302, 403, 403, 403, 403, 403, 403, 403]);
  const cookies = answers.find((answer) => answer.status === 302).cookies.join();
  assert.match(cookies, /wordpress_logged_in_/);
});

test("what is late, early, forged, or for another store is refused, and the log says so", async () => {
  const now = Math.floor(Date.now() / 1000);
  const { privateKey: another } = generateKeyPairSync("ed25519");
  const good = signed(claims());
  const [text, signature] = good.split(".");
  const changed = Buffer.from(JSON.stringify(claims({ until: now + 30 }))).toString("base64url");
  const refusals = [
    ["late", signed(claims({ from: now - 61, until: now - 1 }))],
    ["late", signed(claims({ until: now + 3600 }))],
    ["early", signed(claims({ from: now + 40, until: now + 90 }))],
    ["other_store", signed(claims({ store: "store-bcdfgh" }))],
    ["forged", signed(claims(), another)],
    ["forged", signed(claims(), platformKey(), "")],
    ["forged", signed(claims(), platformKey(), "urumi-login-v2.")],
    ["forged", `${changed}.${signature}`],
    ["malformed", signed(claims({ id: "1' OR '1'='1" }))],
    ["malformed", text],
    ["malformed", ""],
    ["malformed", `${good}.x`],
  ];
  for (const [why, word] of refusals) {
    const before = log();
    const answer = await knock(word);
    assert.equal(answer.status, 403, `${why}: ${word}`);
    assert.ok(!answer.cookies.join().includes("wordpress_logged_in_"), why);
    const said = log().slice(before.length);
    assert.match(said, new RegExp(`urumi-login: refused, ${why}`), `${word}: ${said}`);
  }
  assert.equal((await knock(good)).status, 302, "the good one was still good");
});

test("no log has a word, and a repeated request has no link", async () => {
  const first = await link("one-and-only");
  const again = await link("one-and-only");
  assert.ok(first.url && !again.url && first.id === again.id, JSON.stringify(again));
  const { items } = await (await fetch(`${api}/stores/audit/logs?store_id=${store.id}&limit=200`)).json();
  const given = items.filter((row) => row.action === "store.login_link.given");
  assert.ok(given.some((row) => row.details.link === first.id), JSON.stringify(given));
  assert.ok(!JSON.stringify(items).includes(wordOf(first)), "the audit tells the word");
  await knock(wordOf(first));
  assert.ok(!whole().includes(wordOf(first)), "the pod's log tells the word");
});

test("who was let in, and who was not, is in the audit", { timeout: 120_000 }, async () => {
  const given = await link();
  assert.equal((await knock(wordOf(given))).status, 302);
  assert.equal((await knock(wordOf(given))).status, 403);
  assert.equal((await knock(signed(claims(), generateKeyPairSync("ed25519").privateKey))).status, 403);
  const told = async (action) => {
    const { items } = await (await fetch(`${api}/stores/audit/logs?store_id=${store.id}&limit=200`)).json();
    return items.filter((row) => row.action === action);
  };
  // A worker reads the log 10 s after the link was given.
  const end = Date.now() + 60_000;
  const ofLink = (rows) => rows.filter((row) => row.details.link === given.id);
  let letIn = [];
  while (letIn.length === 0) {
    assert.ok(Date.now() < end, "no login is in the audit");
    await pause(500);
    letIn = ofLink(await told("store.login.succeeded"));
  }
  assert.equal(letIn.length, 1, JSON.stringify(letIn));
  const refused = await told("store.login.refused");
  assert.deepEqual(ofLink(refused).map((row) => row.details.reason), ["used_before"]);
  assert.ok(refused.some((row) => row.details.reason === "forged" && row.details.link === null), JSON.stringify(refused));
});

const whole = () => execFileSync("kubectl", ["logs", "deployment/wordpress", "-c", "wordpress", "-n", store.id], { encoding: "utf8" });
/** The lines about login links of the web pod's log. */
const log = () => whole().split("\n").filter((line) => line.includes("urumi-login:")).join("\n");
