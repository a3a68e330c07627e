// How a part of the page gets what it looks at.
import { render, screen } from "@testing-library/preact";
import { useLayoutEffect } from "preact/hooks";
import { expect, test } from "vitest";
import { Answers } from "../src/live/answers";
import { AnswersOfPage, useLook } from "../src/live/look";

test("an answer that comes between the drawing and the look is drawn", async () => {
  const answers = new Answers(async () => "asked");
  function Part() {
    const { data } = useLook<string>("stores", "/stores", () => false);
    // After the drawing, before the effect that begins to look.
    useLayoutEffect(() => answers.learn("stores", "/stores", "told meanwhile"), []);
    return <p>{data ?? "nothing"}</p>;
  }
  render(
    <AnswersOfPage.Provider value={answers}>
      <Part />
    </AnswersOfPage.Provider>,
  );
  expect(await screen.findByText("told meanwhile")).toBeTruthy();
});
