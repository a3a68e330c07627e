// Refusals: how they are read from an answer and how they are shown.
import { fireEvent, render, screen } from "@testing-library/preact";
import { afterEach, describe, expect, test, vi } from "vitest";
import { ask } from "../src/api/client";
import { Problem, problemFrom, Unreachable } from "../src/api/problem";
import { ProblemNote } from "../src/components/problem-note";
import { json, serve } from "./api";

afterEach(() => vi.unstubAllGlobals());

const refused = {
  type: "about:blank",
  title: "Invalid request",
  status: 422,
  detail: "The name has 61 characters; at most 60 are allowed.",
  code: "invalid_name",
  request_id: "0193-abc",
  errors: [{ pointer: "/name", detail: "must have at most 60 characters" }],
};

describe("an answer that is a no", () => {
  test("is a problem with all that the api said", async () => {
    serve({ "POST /stores": () => json(422, refused) });
    const error = await ask("/stores", { method: "POST", body: {} }).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(Problem);
    expect(error).toMatchObject({
      status: 422,
      detail: refused.detail,
      code: "invalid_name",
      requestId: "0193-abc",
      fields: [{ pointer: "/name", detail: "must have at most 60 characters" }],
    });
  });

  test("without problem+json still says what is known", () => {
    expect(problemFrom(500, "Internal Server Error", undefined)).toMatchObject({
      title: "Internal Server Error",
      detail: "The API answered with status 500 and no explanation.",
    });
    expect(problemFrom(400, "", ["?"])).toBeInstanceOf(Problem);
  });

  test("of a gateway means that the api is away", () => {
    expect(problemFrom(502, "Bad Gateway", undefined)).toBeInstanceOf(Unreachable);
    expect(problemFrom(503, "", { detail: "The database is away." })).toBeInstanceOf(Problem);
  });
});

test("no connection is told apart from a refusal", async () => {
  serve({ "GET /stores": () => Promise.reject(new TypeError("Failed to fetch")) });
  await expect(ask("/stores")).rejects.toBeInstanceOf(Unreachable);
});

test("an answer without a body is no error", async () => {
  serve({ "DELETE /stores/x": () => json(204, undefined).clone() });
  await expect(ask("/stores/x", { method: "DELETE" })).resolves.toBeUndefined();
});

test("a problem is shown whole, as text, until it is dismissed", () => {
  const dismiss = vi.fn();
  const hostile = { ...refused, detail: "<img src=x onerror=alert(1)>" };
  const { container } = render(
    <ProblemNote title="Refused" error={problemFrom(422, "", hostile)} onDismiss={dismiss} />,
  );
  const note = screen.getByRole("alert");
  expect(note.textContent).toContain("<img src=x onerror=alert(1)>");
  expect(note.textContent).toContain("invalid_name");
  expect(note.textContent).toContain("0193-abc");
  expect(container.querySelector("img")).toBeNull();
  fireEvent.click(screen.getByRole("button", { name: "Dismiss" }));
  expect(dismiss).toHaveBeenCalledOnce();
});
