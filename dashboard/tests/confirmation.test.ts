// Which typed text confirms a deletion, and which address may become a link.
import { expect, test } from "vitest";
import { shopUrl } from "../src/store/address";
import { confirms } from "../src/store/confirmation";
import { store } from "./samples";

const shop = (name: string) => ({ id: "store-bcdf24", name });

test.each([
  ["My Shop", "My Shop", true],
  ["My Shop", "  My Shop ", true],
  ["My Shop", "store-bcdf24", true],
  ["My   Shop", "My Shop", true],
  ["My\u00a0Shop", "My Shop", true],
  ["Cafe\u0301", "Caf\u00e9", true],
  ["<b>x</b>", "<b>x</b>", true],
  ["My Shop", "my shop", false],
  ["My Shop", "My Sho", false],
  ["My Shop", "", false],
  ["My Shop", "store-bcdf25", false],
  ["\u00a0", " ", false],
])("a store named %j and %j typed: %s", (name, typed, confirmed) => {
  expect(confirms(typed, shop(name))).toBe(confirmed);
});

test.each([
  ["Ready", "http://store-bcdf24.localhost:8080", "http://store-bcdf24.localhost:8080/"],
  ["Updating", "https://store-bcdf24.example.com", "https://store-bcdf24.example.com/"],
  ["Provisioning", "http://store-bcdf24.localhost:8080", undefined],
  ["Failed", "http://store-bcdf24.localhost:8080", undefined],
  ["Ready", "javascript:alert(1)", undefined],
  ["Ready", "data:text/html,x", undefined],
  ["Ready", "not an address", undefined],
  ["Ready", "", undefined],
  ["SomethingNew", "http://store-bcdf24.localhost:8080", undefined],
])("a %s store at %s links to %s", (status, url, link) => {
  expect(shopUrl(store({ status, url }))).toBe(link);
});
