// What one store shows: status, hostile names, link, failure.
import { render, screen, within } from "@testing-library/preact";
import { describe, expect, test } from "vitest";
import type { Failure, Health, StoreStatus, StoreView } from "../src/api/types";
import { changes } from "../src/components/announcer";
import { StatusBadge } from "../src/components/status-badge";
import { exact } from "../src/format/time";
import { at, operation, step, store } from "./samples";
import { showAfter } from "./table";

const show = (shown: StoreView, openId?: string) => showAfter(20_000, shown, openId);

describe("a status", () => {
  test.each([
    ["Queued", "Queued"],
    ["Provisioning", "Provisioning"],
    ["Ready", "Ready"],
    ["Failed", "Failed"],
    ["Updating", "Updating"],
    ["Suspended", "Suspended"],
    ["Deleting", "Deleting"],
    ["Deleted", "Deleted"],
    ["DeleteFailed", "Delete failed"],
    ["Hibernating", "Hibernating"],
    ["constructor", "constructor"],
  ])("%s reads %s, with a sign beside it", (status, text) => {
    const { container } = render(<StatusBadge status={status as StoreStatus} />);
    expect(container.textContent).toBe(text);
    expect(container.querySelector("svg")).not.toBeNull();
  });
});

test("a store being made shows its step and the time, and no link yet", () => {
  show(
    store({
      status: "Provisioning",
      ready_at: null,
      operation: operation({ steps: [step("Namespace", 1, 2), step("Rollout", 2)] }),
    }),
  );
  expect(screen.getByText(/Starting database and shop/).textContent).toMatch(/· 20 s$/);
  expect(screen.queryByRole("link", { name: /new tab/ })).toBeNull();
});

test("a queued store says what it waits for", () => {
  show(store({ status: "Queued", operation: operation({ status: "Queued" }) }));
  expect(screen.getByText(/Waiting for a worker/)).toBeTruthy();
});

test("a ready store's link opens the shop in a new tab, without a referrer", () => {
  show(store());
  const link = screen.getByRole("link", { name: /opens in a new tab/ });
  expect(link.getAttribute("href")).toBe("http://store-bcdf24.localhost:8080/");
  expect(link.getAttribute("target")).toBe("_blank");
  expect(link.getAttribute("rel")).toBe("noopener noreferrer");
});

test("a store being deleted cannot be deleted again", () => {
  show(store({ status: "Deleting" }));
  expect(screen.queryByRole("button", { name: /^Delete/ })).toBeNull();
});

test.each([
  '<img src=x onerror="globalThis.ran = 1">',
  "<script>globalThis.ran = 1</script>",
  '"><svg onload=alert(1)>',
  "{{constructor.constructor('alert(1)')()}}",
  "javascript:alert(1)",
  "&lt;b&gt;",
  "\u05e9\u05dc\u05d5\u05dd \u0645\u062a\u062c\u0631",
])("a store named %s is shown as exactly that text", (name) => {
  const { container } = show(store({ name }), "store-bcdf24");
  const shown = container.querySelector("bdi.name");
  expect(shown?.textContent).toBe(name);
  expect(shown?.children).toHaveLength(0);
  expect(container.querySelector("img, script, [onload], [onerror]")).toBeNull();
  expect("ran" in globalThis).toBe(false);
});

test("a failure shows its cause, what to do and what was seen", () => {
  show(
    store({
      status: "Failed",
      ready_at: null,
      failure: {
        code: "CrashLoop",
        message: "A container of the store keeps crashing. wordpress exited with 137",
        next_action: "Read the last log lines below, correct the cause, then retry.",
        retryable: true,
        step: "Rollout",
        evidence: [{ kind: "Log", object: "Pod/wordpress-7c9f", text: "<b>fatal</b>\nline two" }],
      },
      operation: operation({ status: "Failed", finished_at: at(15), steps: [step("Rollout", 1)] }),
    }),
    "store-bcdf24",
  );
  const failure = within(screen.getByRole("region", { name: /Cause/ }));
  expect(failure.getByText("CrashLoop")).toBeTruthy();
  expect(failure.getByText(/exited with 137/)).toBeTruthy();
  expect(failure.getByText(/correct the cause, then retry/)).toBeTruthy();
  expect(failure.getByText(/<b>fatal<\/b>/).textContent).toContain("line two");
});

test("a failed attempt of an open operation is told as passing", () => {
  const failure: Failure = { code: "ImagePull", message: "m", next_action: "n", retryable: true };
  show(
    store({ status: "Queued", operation: operation({ status: "Queued", attempt: 2, failure }) }),
    "store-bcdf24",
  );
  expect(screen.getByText(/the platform tries again/)).toBeTruthy();
});

test("a change that failed is told beside a store that stays as it was", () => {
  const failure: Failure = { code: "ImagePull", message: "m1", next_action: "n", retryable: true };
  show(
    store({
      operation: operation({ kind: "Update", status: "Failed", finished_at: at(9), failure }),
    }),
    "store-bcdf24",
  );
  expect(screen.getByText("Update failed: m1")).toBeTruthy();
  expect(screen.getByText(/the store is as it was before/)).toBeTruthy();
});

test("an operation put off says why nobody is at it, in the row and opened", () => {
  const message = "The cluster does not answer; it is tried again by itself.";
  const waiting = { message, at: at(18), until: at(32) };
  show(
    store({
      status: "Provisioning",
      operation: operation({ steps: [step("Rollout", 2)], waiting }),
    }),
    "store-bcdf24",
  );
  expect(screen.getByText(`${message} ·`, { exact: false, selector: ".status-line" })).toBeTruthy();
  expect(screen.getByText("On hold.").closest("p")?.textContent).toBe(
    `On hold. ${message} Next try in 12 s.`,
  );
});

test("a delete that waits says until when it can be undone, and that Cancel keeps the store", () => {
  const not_before = new Date(Date.now() + 60_000).toISOString();
  const held = operation({ kind: "Delete", status: "Queued", not_before });
  show(store({ status: "Deleting", operation: held }), "store-bcdf24");
  expect(screen.getByText(`Can be undone until ${exact(not_before)}`)).toBeTruthy();
  expect(screen.getByText(/^Delete · can still be undone · /)).toBeTruthy();
  expect(screen.queryByText(/Waiting for a worker/i)).toBeNull();
  expect(screen.getByRole("button", { name: /^Cancel/ }).title).toContain("Keeps the store");
});

test("when the next try is due is not counted below zero", () => {
  const waiting = { message: "m", at: at(1), until: at(5) };
  show(store({ status: "Queued", operation: operation({ waiting }) }), "store-bcdf24");
  expect(screen.getByText(/Next try at any moment/)).toBeTruthy();
});

test("a step that a dead worker left is told in plain words", () => {
  const steps = [
    step("Release", 1, 5, { outcome: "Interrupted" }),
    step("Release", 5, undefined, { run: 1 }),
  ];
  show(store({ status: "Provisioning", operation: operation({ steps }) }), "store-bcdf24");
  const [left, again] = screen.getAllByText(/Installing the release/, { selector: ".step-name" });
  expect(left?.textContent).toContain("(interrupted)");
  expect(left?.closest("li")?.textContent).toContain("its worker stopped before the end");
  expect(again?.textContent).toContain("(running)");
  expect(again?.closest("li")?.textContent).not.toContain("its worker stopped");
});

test("what changed between two looks is put into words", () => {
  const moving = store({ status: "Provisioning" });
  const leaving = store({ id: "store-ghjk24", name: "Old", status: "Deleting" });
  const gone = store({ id: "store-mnpq24", status: "Ready" });
  expect(changes([moving, leaving, gone], [store()])).toEqual([
    "My Shop is now Ready.",
    "Old is deleted.",
  ]);
  expect(changes([], [moving])).toEqual([]);
});

test.each<[Health, Health, string[]]>([
  ["Healthy", "Degraded", ["My Shop is now Degraded."]],
  ["Unknown", "Degraded", ["My Shop is now Degraded."]],
  ["Degraded", "Healthy", ["My Shop is now Healthy."]],
  ["Degraded", "Degraded", []],
  ["Unknown", "Healthy", []],
  ["Healthy", "Unknown", []],
  ["Degraded", "Unknown", []],
])("a Ready store that was %s and is %s: %j", (before, after, said) => {
  const health = (status: Health) => store({ health: { status, reasons: [] } });
  expect(changes([health(before)], [health(after)])).toEqual(said);
});

test("a plain WordPress is told apart from a shop", () => {
  const plain = store({ shop: "WordPress" });
  show(plain, plain.id);
  expect(screen.getByText("none: a plain WordPress")).toBeTruthy();
});
