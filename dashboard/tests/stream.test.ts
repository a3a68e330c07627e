// When the page listens to the stream, and what its news do.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Answers } from "../src/live/answers";
import { listen } from "../src/live/stream";

class Source extends EventTarget {
  static readonly CLOSED = 2;
  static made: Source[] = [];
  readyState = 0;
  onopen?: () => void;
  onerror?: () => void;
  constructor(readonly url: string) {
    super();
    Source.made.push(this);
  }
  close() {
    this.readyState = 2;
  }
}

const nudge = vi.fn();
const answers = { isLive: false, nudge } as unknown as Answers;
let leave: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("EventSource", Source);
  Source.made = [];
  nudge.mockClear();
  leave = listen(answers);
});
afterEach(() => {
  leave();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});
const source = () => Source.made.at(-1) as Source;

test("many events close together are one reason to ask", () => {
  source().onopen?.();
  vi.advanceTimersByTime(300);
  expect(nudge).toHaveBeenCalledTimes(1);
  for (let event = 0; event < 50; event += 1) {
    source().dispatchEvent(new Event("operation.step"));
  }
  vi.advanceTimersByTime(1_000);
  expect(nudge).toHaveBeenCalledTimes(2);
  expect(answers.isLive).toBe(true);
});

test("cut off, it asks once whether the api is away, and leaves coming back to the browser", () => {
  source().onopen?.();
  vi.advanceTimersByTime(300);
  nudge.mockClear();
  source().onerror?.();
  expect(answers.isLive).toBe(false);
  vi.advanceTimersByTime(300);
  expect(nudge).toHaveBeenCalledTimes(1);
  // What comes of it is the clock's.
  source().onerror?.();
  vi.advanceTimersByTime(60_000);
  expect(nudge).toHaveBeenCalledTimes(1);
  expect(Source.made).toHaveLength(1);
});

test("refused, it tries again soon at first, and then every half a minute", () => {
  const refuse = () => {
    source().close();
    source().onerror?.();
  };
  for (const [times, pause] of [1_000, 2_000, 5_000, 30_000, 30_000].entries()) {
    refuse();
    vi.advanceTimersByTime(pause - 1);
    expect(Source.made).toHaveLength(times + 1);
    vi.advanceTimersByTime(1);
    expect(Source.made).toHaveLength(times + 2);
  }
  // Once it was open, it is a new start.
  source().onopen?.();
  refuse();
  vi.advanceTimersByTime(1_000);
  expect(Source.made).toHaveLength(7);
});

test("a hidden tab holds no stream, a tab that is left neither", () => {
  const seen = vi.spyOn(document, "visibilityState", "get").mockReturnValue("hidden");
  document.dispatchEvent(new Event("visibilitychange"));
  expect(source().readyState).toBe(2);
  seen.mockReturnValue("visible");
  document.dispatchEvent(new Event("visibilitychange"));
  expect(Source.made).toHaveLength(2);
  leave();
  expect(source().readyState).toBe(2);
  document.dispatchEvent(new Event("visibilitychange"));
  expect(Source.made).toHaveLength(2);
});
