// @vitest-environment node
// Which page an address means.
import { expect, test } from "vitest";
import { addresses, routeOf, SECTIONS, storeAddress, withParams } from "../src/route";

test.each([
  ["/", { page: "overview" }],
  ["/ui/", { page: "overview" }],
  ["/ui/stores", { page: "stores" }],
  ["/ui/stores/store-bcdf24", { page: "store", id: "store-bcdf24", section: "progress" }],
  ["/ui/stores/store-bcdf24/audit", { page: "store", id: "store-bcdf24", section: "audit" }],
  ["/ui/audit", { page: "audit" }],
  ["/ui/dead-letters", { page: "letters" }],
  ["/ui/access", { page: "access" }],
])("%s means %j", (path, route) => {
  expect(routeOf(path)).toEqual(route);
});

test.each([
  "/ui/elsewhere",
  "/ui/stores/",
  "/ui/stores/..%2fkeys",
  "/ui/stores/javascript:alert(1)",
  "/ui/stores/store-bcdf24/elsewhere",
  "/ui/stores/store-bcdf24/audit/more",
  "/ui/audit/store-bcdf24",
])("%s means no page", (path) => {
  expect(routeOf(path)).toEqual({ page: "nowhere" });
});

test("every address that the page makes leads back to its page", () => {
  for (const [page, path] of Object.entries(addresses)) {
    expect(routeOf(path)).toEqual({ page });
  }
  for (const section of SECTIONS) {
    const id = "store-bcdf24";
    expect(routeOf(storeAddress(id, section))).toEqual({ page: "store", id, section });
  }
});

test("parameters are put in escaped, empty ones not at all", () => {
  expect(withParams("/stores", { status: "Failed", cursor: undefined, q: "" })).toBe(
    "/stores?status=Failed",
  );
  expect(withParams("/stores", { q: "a&b=c'" })).toBe("/stores?q=a%26b%3Dc%27");
});
