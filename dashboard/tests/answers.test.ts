// How answers are kept: who asks when, what a change does, what is forgotten.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Problem } from "../src/api/problem";
import { Answers } from "../src/live/answers";

let asked: string[] = [];
let answer: (path: string) => unknown;
const leaves: (() => void)[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
  answer = (path) => `${path} ${asked.length}`;
});
afterEach(() => {
  for (const leave of leaves.splice(0)) {
    leave();
  }
  vi.useRealTimers();
});

function fresh(): Answers {
  return new Answers(async (path) => {
    asked.push(path);
    return answer(path);
  });
}
const settled = () => vi.advanceTimersByTimeAsync(0);
function look(answers: Answers, path: string, pause: number | false = 5_000): () => void {
  const leave = answers.watch("stores", path, () => pause, vi.fn());
  leaves.push(leave);
  return leave;
}

test("two who look at the same path ask once, and again after the pause", async () => {
  const answers = fresh();
  look(answers, "/stores");
  look(answers, "/stores");
  await settled();
  expect(asked).toHaveLength(1);
  expect(answers.at("/stores")?.data).toBe("/stores 1");
  await vi.advanceTimersByTimeAsync(5_000);
  expect(asked).toHaveLength(2);
});

test("what was asked ahead is not asked again by who looks a moment later", async () => {
  const answers = fresh();
  void answers.ahead("stores", "/stores");
  look(answers, "/stores");
  await settled();
  expect(asked).toHaveLength(1);
  await answers.ahead("stores", "/stores/counts");
  look(answers, "/stores/counts");
  await settled();
  expect(asked).toHaveLength(2);
  expect(answers.at("/stores/counts")?.data).toBe("/stores/counts 2");
  await vi.advanceTimersByTimeAsync(5_000);
  expect(asked).toHaveLength(4);
});

test("nobody asks for what nobody looks at, nor in a tab that is not seen", async () => {
  const answers = fresh();
  const leave = look(answers, "/stores");
  await settled();
  const hidden = vi.spyOn(document, "visibilityState", "get").mockReturnValue("hidden");
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toHaveLength(1);
  hidden.mockReturnValue("visible");
  document.dispatchEvent(new Event("visibilitychange"));
  await settled();
  expect(asked).toHaveLength(2);
  leave();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toHaveLength(2);
});

test("what was asked before a change is not shown after it", async () => {
  const replies: ((data: string) => void)[] = [];
  answer = () => new Promise((resolve) => replies.push(resolve));
  const answers = fresh();
  look(answers, "/stores");
  const seen = answers.refresh("stores");
  expect(asked).toHaveLength(2);
  replies[1]?.("after");
  replies[0]?.("before");
  await seen;
  expect(answers.at("/stores")?.data).toBe("after");
});

test("a change makes its area be asked for anew, and only that", async () => {
  const answers = fresh();
  look(answers, "/stores");
  answers.watch("access", "/keys", () => false, vi.fn());
  await settled();
  await answers.refresh("access");
  expect(asked).toEqual(["/stores", "/keys", "/keys"]);
});

test("news make it ask again at once, but never twice at a time", async () => {
  const replies: ((data: string) => void)[] = [];
  answer = () => new Promise((resolve) => replies.push(resolve));
  const answers = fresh();
  look(answers, "/stores");
  answers.nudge("stores");
  answers.nudge("stores");
  expect(asked).toHaveLength(1);
  replies[0]?.("first");
  await settled();
  expect(answers.at("/stores")?.data).toBe("first");
  expect(asked).toHaveLength(2);
  replies[1]?.("second");
  await settled();
  expect([answers.at("/stores")?.data, asked.length]).toEqual(["second", 2]);
});

test("while a stream tells, it asks five times less; not of what it does not tell", async () => {
  const answers = fresh();
  answers.isLive = true;
  look(answers, "/stores", 1_000);
  leaves.push(answers.watch("access", "/keys", () => 1_000, vi.fn()));
  await vi.advanceTimersByTimeAsync(4_900);
  expect(asked.filter((path) => path === "/stores")).toHaveLength(1);
  expect(asked.filter((path) => path === "/keys")).toHaveLength(5);
  await vi.advanceTimersByTimeAsync(200);
  expect(asked.filter((path) => path === "/stores")).toHaveLength(2);
});

test("an error keeps what was known, beside it", async () => {
  const answers = fresh();
  look(answers, "/stores");
  await settled();
  answer = () => {
    throw new Error("away");
  };
  await answers.refresh();
  expect(answers.at("/stores")).toMatchObject({ data: "/stores 1", error: { message: "away" } });
});

test("a 401 anywhere makes the page ask who it is, once", async () => {
  answer = (path) => {
    if (path === "/whoami") {
      return "nobody";
    }
    throw new Problem(401, "Login required", "", undefined, undefined, []);
  };
  const answers = fresh();
  answers.watch("whoami", "/whoami", () => false, vi.fn());
  await settled();
  look(answers, "/stores", false);
  await settled();
  expect(asked).toEqual(["/whoami", "/stores", "/whoami"]);
});

test("after a login nothing of before is known", async () => {
  const answers = fresh();
  look(answers, "/stores")();
  look(answers, "/keys");
  await settled();
  answer = () => "new";
  await answers.reset();
  expect(answers.at("/stores")).toBeUndefined();
  expect(answers.at("/keys")?.data).toBe("new");
});

test("a thousand pages that were looked at do not stay", async () => {
  const answers = fresh();
  for (let page = 0; page < 1_000; page += 1) {
    const leave = look(answers, `/stores?cursor=${page}`);
    await settled();
    leave();
  }
  const kept = Array.from({ length: 1_000 }, (_, page) => answers.at(`/stores?cursor=${page}`));
  expect(kept.filter((known) => known !== undefined).length).toBeLessThanOrEqual(20);
  expect(kept[999]?.data).toBeDefined();
});
