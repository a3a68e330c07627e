// @vitest-environment node
// What the settings form sends, how long steps usually take, what the overview counts.
import { describe, expect, test } from "vitest";
import type { StoreView } from "../src/api/types";
import { countsShown, overviewOf } from "../src/live/overview";
import { labelsOf } from "../src/store/labels";
import { atOdds, changeOf, type Edit, follow, type Settings } from "../src/store/settings";
import { typical } from "../src/store/typical";
import { counts, operation, step, store } from "./samples";

describe("a change of settings", () => {
  const was = store({ labels: { team: "north", old: "1" } });
  const edit = (part: Partial<Settings>, before = follow(undefined, was)): Edit => ({
    was: before.was,
    now: { ...before.now, ...part },
  });
  const edited = (part: Partial<Settings>) => changeOf(edit(part));

  test.each<[string, Partial<Settings>, object | undefined]>([
    ["nothing", {}, undefined],
    ["white space", { name: " My Shop " }, undefined],
    ["a name", { name: "Other" }, { name: "Other" }],
    ["a plan", { plan: "large" }, { plan: "large" }],
    ["protection", { deletionProtection: true }, { deletion_protection: true }],
    ["a label more", { labels: "team=north\nold=1\nnew=a=b" }, { labels: { new: "a=b" } }],
    ["a label less", { labels: "team=north" }, { labels: { old: null } }],
    ["a label changed", { labels: "team=south\n\n old = 1 " }, { labels: { team: "south" } }],
  ])("with %s sends only that", (_, part, change) => {
    expect(edited(part)).toEqual({ change });
  });

  test("with a line that is no label sends nothing and names the line", () => {
    expect(edited({ labels: "team=north\nnonsense" })).toEqual({ bad: "nonsense" });
    expect(labelsOf("=x").bad).toBe("=x");
  });

  test("keeps a label that is called like a part of every object", () => {
    expect(edited({ labels: "team=north\nold=1\nconstructor=x" })).toEqual({
      change: { labels: { constructor: "x" } },
    });
  });

  const changed = (more: Partial<StoreView>) => store({ ...was, ...more });
  const large = { wanted: { name: "My Shop", plan: "large" as const } };

  test("leaves alone what somebody else changes meanwhile, and shows it", () => {
    const newest = changed({ ...large, labels: { team: "north", theirs: "1" } });
    const followed = follow(edit({ labels: "team=south\nold=1" }), newest);
    expect(followed.now).toMatchObject({ plan: "large", labels: "team=south\nold=1" });
    expect(changeOf(followed)).toEqual({ change: { labels: { team: "south" } } });
    expect(atOdds(followed, newest)).toEqual({});
  });

  test("is told from what the store was when that part was first edited", () => {
    const labelled = edit({ labels: "team=south" });
    const back = edit({ plan: "small" }, follow(labelled, changed(large)));
    expect(changeOf(back)).toEqual({
      change: { plan: "small", labels: { team: "south", old: null } },
    });
  });

  test.each<[string, Partial<Settings>, Partial<StoreView>, object]>([
    ["a plan", { plan: "medium" }, large, { plan: "large" }],
    ["a plan, to the same", { plan: "large" }, large, {}],
    ["a name", { name: "Mine" }, { wanted: { name: "Theirs", plan: "small" } }, { name: "Theirs" }],
    ["another part", { name: "Mine" }, large, {}],
    [
      "a label",
      { labels: "team=south\nold=1" },
      { labels: { team: "west" } },
      { labels: "team=west" },
    ],
    ["another label", { labels: "team=south\nold=1" }, { labels: { team: "north" } }, {}],
    ["a label, to the same", { labels: "team=north" }, { labels: { team: "north" } }, {}],
  ])("by two of %s", (_, mine, theirs, expected) => {
    const newest = changed(theirs);
    expect(atOdds(follow(edit(mine), newest), newest)).toEqual(expected);
  });
});

test("the usual time of a step is the median of three that succeeded, or more", () => {
  const took = (seconds: number, more = {}) =>
    operation({ status: "Succeeded", steps: [step("Rollout", 0, seconds)], ...more });
  const seen = [took(10), took(30), took(20), took(900, { status: "Failed" })];
  expect([...typical("Create", seen)]).toEqual([["Rollout", 20_000]]);
  expect([...typical("Create", seen.slice(0, 2))]).toEqual([]);
  expect([...typical("Update", seen)]).toEqual([]);
});

test("the overview counts all, and shows what needs attention and what runs", () => {
  const busy = operation({ status: "Running" });
  const waiting = { message: "m", at: "2026-11-23T12:00:00Z" };
  const failed = store({ id: "store-aaaa22", status: "Failed" });
  const making = store({ id: "store-cccc22", status: "Provisioning", operation: busy });
  const queued = store({ id: "store-dddd22", status: "Queued", operation: { ...busy, waiting } });
  const known = counts({ Failed: 12, Provisioning: 1, Queued: 30, Deleted: 900 }, 2);
  const seen = overviewOf(known, [failed], [making, queued]);
  expect(seen.attention.map(({ id }) => id)).toEqual(["store-aaaa22", "store-dddd22"]);
  expect(seen.running.map(({ id }) => id)).toEqual(["store-cccc22", "store-dddd22"]);
  expect([seen.attentionCount, seen.runningCount]).toEqual([15, 31]);
  expect(countsShown(known).statuses).toEqual([
    ["Queued", 30],
    ["Provisioning", 1],
    ["Failed", 12],
  ]);
});
