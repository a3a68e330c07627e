// Durations, ages and the api's clock, as tables.
import { describe, expect, test } from "vitest";
import { ago, duration, elapsed } from "../src/format/time";
import { observeServerDate, serverNow } from "../src/live/clock";

describe("a span that is over", () => {
  test.each([
    [0, "0.0 s"],
    [49, "0.0 s"],
    [50, "0.1 s"],
    [940, "0.9 s"],
    [24_940, "24.9 s"],
    [59_949, "59.9 s"],
    [59_950, "1 min 00 s"],
    [65_000, "1 min 05 s"],
    [119_600, "2 min 00 s"],
    [3_600_000, "1 h 00 min"],
    [7_380_000, "2 h 03 min"],
  ])("%i ms reads %s", (ms, text) => {
    expect(duration(ms)).toBe(text);
  });
});

describe("a span that runs", () => {
  test.each([
    [-500, "0 s"],
    [999, "0 s"],
    [59_999, "59 s"],
    [60_000, "1 min 00 s"],
    [3_599_999, "59 min 59 s"],
    [3_600_000, "1 h 00 min"],
  ])("%i ms reads %s", (ms, text) => {
    expect(elapsed(ms)).toBe(text);
  });
});

describe("how long ago", () => {
  const now = Date.parse("2026-11-23T12:00:00Z");
  test.each([
    ["2026-11-23T12:00:05Z", "just now"],
    ["2026-11-23T11:59:55Z", "just now"],
    ["2026-11-23T11:59:30Z", "30 seconds ago"],
    ["2026-11-23T11:58:59Z", "1 minute ago"],
    ["2026-11-23T09:30:00Z", "2 hours ago"],
    ["2026-11-20T12:00:00Z", "3 days ago"],
    ["2026-09-01T12:00:00Z", "Sep 1, 2026"],
    ["not a time", ""],
  ])("%s is %s", (stamp, text) => {
    expect(ago(stamp, now)).toBe(text);
  });
});

describe("the api's clock", () => {
  const off = (minutes: number) => {
    const now = Date.now();
    observeServerDate(new Date(now + minutes * 60_000).toUTCString(), now, now);
    return Math.round((serverNow() - Date.now()) / 60_000);
  };

  test("is followed when the browser's is clearly wrong", () => {
    expect(off(7)).toBe(7);
    expect(off(-90)).toBe(-90);
  });

  test("is not guessed at within what the Date header can tell", () => {
    off(7);
    expect(off(0)).toBe(0);
    expect(Math.abs(serverNow() - Date.now())).toBeLessThan(5);
  });

  test("stays as known when an answer has no readable date", () => {
    off(7);
    observeServerDate(null, 0, 0);
    observeServerDate("yesterday", 0, 0);
    expect(Math.round((serverNow() - Date.now()) / 60_000)).toBe(7);
    off(0);
  });
});
