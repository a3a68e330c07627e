// @vitest-environment node
// When Retry and Cancel are offered: against the table that the api's own rule
// writes into docs/STATES.md, and for what that table does not tell.
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { OperationKind, OperationStatus, WantedView } from "../src/api/types";
import { deedsFor, isChangeable, wishFor, wishKey } from "../src/store/wishes";
import { operation, store } from "./samples";

const safe: WantedView = { name: "My Shop", plan: "small" };

function offered(status: string, kind: string, operationStatus: string, more = {}) {
  const newest = operation({
    kind: kind as OperationKind,
    status: operationStatus as OperationStatus,
  });
  return wishFor(store({ status, operation: newest, safe, ...more }))?.wish;
}

const states = new URL("../../docs/STATES.md", import.meta.url);
const table = existsSync(states) ? readFileSync(states, "utf8") : "";
const rows = (table.split("<!-- wishes, written by a test")[1] ?? "")
  .split("\n")
  .filter((line) => /^\| [A-Z]/.test(line))
  .map((line) => line.split("|").map((cell) => cell.trim()))
  .map(([, status = "", newest = "", change, rollback, suspend, resume, retry, cancel]) => {
    const wish = isWish(retry) ? "retry" : isWish(cancel) ? "cancel" : undefined;
    const deeds = [
      ...(isWish(change) ? ["upgrade"] : []),
      ...(isWish(rollback) ? ["rollback"] : []),
      ...(isWish(suspend) ? ["suspend"] : []),
      ...(isWish(resume) ? ["resume"] : []),
    ];
    return [status, ...(newest.split(" ") as [string, string]), wish, deeds] as const;
  });
/** Bold is what comes of it; "so already" would change nothing. */
function isWish(cell = ""): boolean {
  return cell.startsWith("**") && !cell.includes("so already");
}

describe.skipIf(table === "")("as the api's table of states has it", () => {
  test("the table was found", () => {
    expect(rows.length).toBeGreaterThanOrEqual(24);
  });

  test.each(rows)("%s after %s %s: %s", (status, kind, operationStatus, wish) => {
    expect(offered(status, kind, operationStatus)).toBe(wish);
  });

  test.each(rows)("%s after %s %s: what else may be asked", (status, kind, ended, _, deeds) => {
    const newest = operation({ kind: kind as OperationKind, status: ended as OperationStatus });
    const previous = deeds.includes("rollback") ? { chart: "0.1.0" } : null;
    const shown = store({ status, operation: newest, previous });
    expect(deedsFor(shown)).toEqual(deeds);
    expect(isChangeable(shown)).toBe(deeds.includes("upgrade"));
  });
});

test("a delete is undone until it may begin", () => {
  const later = new Date(Date.now() + 60_000).toISOString();
  const earlier = new Date(Date.now() - 1_000).toISOString();
  const held = (at: string | null) =>
    wishFor(
      store({
        status: "Deleting",
        operation: operation({ kind: "Delete", status: "Queued", not_before: at }),
      }),
    )?.wish;
  expect([later, earlier, null].map(held)).toEqual(["cancel", undefined, undefined]);
});

test("what was never Ready is offered no upgrade; it can still be changed and retried", () => {
  const failed = store({ status: "Failed", operation: operation({ status: "Failed" }) });
  const never = { ...failed, ready_at: null };
  expect([failed, never].map(deedsFor)).toEqual([["upgrade"], []]);
  expect(isChangeable(never)).toBe(true);
  expect(wishFor(never)?.wish).toBe("retry");
});

test.each([
  ["Ready", "Update", "Hibernating"],
  ["Updating", "Migrate", "Running"],
  ["Deleted", "Create", "Failed"],
])("%s after %s %s: nothing that would be refused", (status, kind, operationStatus) => {
  expect(offered(status, kind, operationStatus)).toBeUndefined();
});

test.each(["Suspend", "Resume"])("a %s under way can be cancelled: the store goes back", (kind) => {
  expect(offered("Updating", kind, "Running")).toBe("cancel");
});

test("an update with nothing to go back to cannot be cancelled", () => {
  expect(offered("Updating", "Update", "Running", { safe: null })).toBeUndefined();
  expect(offered("Provisioning", "Create", "Running", { safe: null })).toBe("cancel");
});

test("a store without an operation is offered nothing", () => {
  expect(wishFor(store({ status: "Failed", operation: null }))).toBeUndefined();
});

test("the same wish has the same key, another wish or operation another one", () => {
  const first = operation({ id: "0193a0aa-0000-7000-8000-000000000001" });
  const next = operation({ id: "0193a0aa-0000-7000-8000-000000000002" });
  expect(wishKey("retry", first)).toBe(wishKey("retry", { ...first }));
  expect(
    new Set([first, next].flatMap((o) => [wishKey("retry", o), wishKey("cancel", o)])).size,
  ).toBe(4);
  expect(wishKey("retry", first)).toMatch(/^[\x21-\x7e]{1,255}$/);
});
