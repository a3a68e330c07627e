// @vitest-environment node
// Kubernetes' amounts, for people.
import { expect, test } from "vitest";
import { amountOf, shareOf, written } from "../src/store/quantity";

test.each([
  ["500m", 0.5, "0.5"],
  ["2", 2, "2"],
  ["512Mi", 536_870_912, "512 Mi"],
  ["1536Mi", 1_610_612_736, "1.5 Gi"],
  ["2Gi", 2_147_483_648, "2 Gi"],
  ["0", 0, "0"],
])("%s is %d and written %s", (text, amount, shown) => {
  expect(amountOf(text)).toBe(amount);
  expect(written(text)).toBe(shown);
});

test.each(["", "many", "1x", "-1", "<b>1</b>"])(
  "%j is no amount, and shown as it comes",
  (text) => {
    expect(amountOf(text)).toBeUndefined();
    expect(written(text)).toBe(text);
  },
);

test("a share is of something, and never above the whole", () => {
  expect(shareOf("512Mi", "1Gi")).toBe(0.5);
  expect(shareOf("3", "2")).toBe(1);
  expect(shareOf("1", "0")).toBeUndefined();
  expect(shareOf("?", "2")).toBeUndefined();
});
