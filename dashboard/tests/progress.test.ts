// The timeline worked out of an operation, as tables; no page here.
import { describe, expect, test } from "vitest";
import { currentStep, elapsedMs, isMoving, progress, timeline } from "../src/store/progress";
import { at, operation, START, step, store } from "./samples";

const now = START + 20_000;
const states = (...lines: Parameters<typeof timeline>) =>
  timeline(...lines).map(({ step: name, state }) => `${name} ${state}`);

test("a running create shows done, running and expected steps in order", () => {
  const running = operation({
    steps: [
      step("Namespace", 1, 2),
      step("Credentials", 2, 3),
      step("Release", 3, 6),
      step("Rollout", 6, undefined, { waiting: { message: "mysql-0 is not ready", at: at(9) } }),
    ],
  });
  expect(states(running, now)).toEqual([
    "Namespace done",
    "Credentials done",
    "Release done",
    "Rollout running",
    "Storefront pending",
  ]);
  expect(timeline(running, now)[3]).toMatchObject({
    durationMs: 14_000,
    waiting: { message: "mysql-0 is not ready" },
  });
  expect(currentStep(running)?.step).toBe("Rollout");
  expect(progress(running)).toEqual({ begun: 4, expected: 5 });
});

test("bars stand where the time went", () => {
  const done = operation({
    status: "Succeeded",
    finished_at: at(11),
    steps: [step("Namespace", 1, 2), step("Release", 2, 7), step("Rollout", 7, 11)],
  });
  expect(timeline(done, now).map((l) => [l.offsetPercent, l.widthPercent])).toEqual([
    [0, 10],
    [10, 50],
    [60, 40],
  ]);
});

test("steps off the plan are shown and do not count as progress", () => {
  const reset = operation({ steps: [step("Namespace", 1, 2), step("Reset", 2)] });
  expect(states(reset, now)).toEqual([
    "Namespace done",
    "Reset running",
    "Credentials pending",
    "Release pending",
    "Rollout pending",
    "Storefront pending",
  ]);
  expect(progress(reset)).toEqual({ begun: 1, expected: 5 });
});

test("an operation nobody has begun is all expectation", () => {
  expect(states(operation({ status: "Queued", kind: "Delete" }), now)).toEqual(["Purge pending"]);
});

test("how a step ended is said, and nothing is expected after the end", () => {
  const failed = operation({
    status: "Failed",
    finished_at: at(15),
    steps: [
      step("Release", 1, 5),
      step("Rollout", 5, 15, { outcome: "Failed" }),
      step("Storefront", 5, 15, { outcome: "Stopped" }),
      step("Purge", 5, 15, { outcome: "SomethingNew" }),
    ],
  });
  expect(states(failed, now)).toEqual([
    "Release done",
    "Rollout failed",
    "Storefront stopped",
    "Purge stopped",
  ]);
  expect(currentStep(failed)).toBeUndefined();
});

test("a step that was interrupted is still to come, until it is run again", () => {
  const left = step("Release", 3, 6, { outcome: "Interrupted" });
  const mending = operation({ steps: [step("Credentials", 2, 3), left, step("Unlock", 6)] });
  expect(states(mending, now)).toEqual([
    "Credentials done",
    "Release interrupted",
    "Unlock running",
    "Release pending",
    "Rollout pending",
    "Storefront pending",
  ]);
  expect(progress(mending)).toEqual({ begun: 2, expected: 5 });
  expect(currentStep(mending)?.step).toBe("Unlock");
  const again = operation({ steps: [left, step("Release", 6, undefined, { run: 1 })] });
  expect(states(again, now).slice(0, 3)).toEqual([
    "Release interrupted",
    "Release running",
    "Rollout pending",
  ]);
});

test("a second attempt starts its own row of steps", () => {
  const again = operation({
    attempt: 2,
    steps: [
      step("Release", 1, 5),
      step("Rollout", 5, 10, { outcome: "Failed" }),
      step("Rollout", 12, undefined, { attempt: 2 }),
    ],
  });
  expect(states(again, now)).toEqual([
    "Release done",
    "Rollout failed",
    "Rollout running",
    "Storefront pending",
  ]);
});

test("a step whose begin was not reported counts from the operation's", () => {
  const odd = operation({ steps: [step("Release", 9, 11, { started_at: null })] });
  expect(timeline(odd, now)[0]?.durationMs).toBe(10_000);
});

test("a store with a step of a newer platform is still shown", () => {
  expect(states(operation({ steps: [step("Teleport", 1)] }), now)[0]).toBe("Teleport running");
});

test("elapsed time is never negative", () => {
  expect(elapsedMs(at(30), null, now)).toBe(0);
  expect(elapsedMs(at(0), at(5), now)).toBe(5_000);
});

describe("whether to look again soon", () => {
  test.each([
    ["Queued", true],
    ["Provisioning", true],
    ["Updating", true],
    ["Deleting", true],
    ["Ready", false],
    ["Failed", false],
    ["Suspended", false],
    ["Deleted", false],
    ["DeleteFailed", false],
    ["SomethingNew", false],
  ])("%s: %s", (status, moving) => {
    expect(isMoving(store({ status }))).toBe(moving);
  });
});
