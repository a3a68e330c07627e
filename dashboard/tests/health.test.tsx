// Health beside a store's status: in words as well as in colour, reasons too.
import { screen, within } from "@testing-library/preact";
import { describe, expect, test } from "vitest";
import type { HealthReason, HealthView, StoreView } from "../src/api/types";
import { at, store } from "./samples";
import { showAfter } from "./table";

const mysql: HealthReason = {
  code: "DatabaseNotReady",
  object: "StatefulSet/mysql",
  message: "0 of 1 pods ready",
};
const crash: HealthReason = {
  code: "CrashLoop",
  object: "Pod/mysql-0",
  message: "exited with 137",
};

const show = (shown: StoreView, openId?: string) => showAfter(60_000, shown, openId);

const well = (health: Partial<HealthView> & { status: HealthView["status"] }) =>
  store({ health: { reasons: [], looked_at: at(40), ...health } });
const badges = () => [...document.querySelectorAll(".badge")].map((badge) => badge.textContent);

describe("beside Ready", () => {
  test.each([
    ["Healthy", "Healthy", "tone-good"],
    ["Degraded", "Degraded", "tone-warn"],
    ["Unknown", "Health unknown", "tone-calm"],
    ["Sleepy", "Sleepy", "tone-calm"],
  ])("%s reads %s, with a sign and a colour", (status, text, tone) => {
    show(well({ status: status as HealthView["status"] }));
    expect(badges()).toEqual(["Ready", text]);
    const badge = document.querySelectorAll(".badge")[1];
    expect(badge?.classList).toContain(tone);
    expect(badge?.querySelector("svg")).not.toBeNull();
  });

  test.each(["Queued", "Updating", "Failed", "Deleting"])("%s has no health", (status) => {
    show(
      { ...well({ status: "Degraded", reasons: [mysql] }), status: status as "Queued" },
      "store-bcdf24",
    );
    expect(badges()).toHaveLength(1);
    expect(screen.queryByText(/The database is not ready/)).toBeNull();
  });
});

test("a degraded store says why in its row, and how much more there is", () => {
  show(well({ status: "Degraded", reasons: [mysql, crash] }));
  expect(
    screen.getByText("The database is not ready: 0 of 1 pods ready (and 1 more)"),
  ).toBeTruthy();
});

test("opened, it gives every reason with its object and code, and when it was looked at", () => {
  const hostile = { code: "Haunted", object: "", message: "<b>boo</b>" };
  show(well({ status: "Degraded", reasons: [mysql, crash, hostile] }), "store-bcdf24");
  const note = within(screen.getByRole("region", { name: "Degraded" }));
  const lines = note.getAllByRole("listitem").map((line) => line.textContent);
  expect(lines).toEqual([
    "The database is not ready: 0 of 1 pods readyStatefulSet/mysql DatabaseNotReady",
    "A container keeps crashing: exited with 137Pod/mysql-0 CrashLoop",
    "<b>boo</b> Haunted",
  ]);
  expect(screen.getByText("Degraded, looked at 20 seconds ago")).toBeTruthy();
});

test("Unknown with a reason tells it, without the colour of a fault", () => {
  const reasons = [
    { code: "StorefrontUnreachable", object: "", message: "other stores do not answer either" },
  ];
  const { container } = show(well({ status: "Unknown", reasons }), "store-bcdf24");
  expect(container.querySelector(".status-line")?.textContent).toBe(
    "The shop does not answer: other stores do not answer either",
  );
  expect(container.querySelector(".warn, .tone-warn")).toBeNull();
});

test("a store that was not looked at yet says so, and a healthy one has no note", () => {
  show(store(), "store-bcdf24");
  expect(screen.getByText("Health unknown, not looked at yet")).toBeTruthy();
  expect(document.querySelector(".failure, .status-line")).toBeNull();
});
