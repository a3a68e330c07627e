// The whole page against a stand-in for fetch: create, delete, errors, address.
import { fireEvent, render, screen, waitFor, within } from "@testing-library/preact";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { problemFrom } from "../src/api/problem";
import { App } from "../src/app";
import { newAnswers, pauseAfter } from "../src/live/look";
import { pauseMs } from "../src/live/stores";
import { type Answer, json, serve } from "./api";
import { pageOf, store } from "./samples";

beforeEach(() => history.replaceState(null, "", "/ui/stores"));
afterEach(() => vi.unstubAllGlobals());

function open(given: Record<string, Answer>) {
  const asked = serve(given);
  const answers = newAnswers();
  render(<App answers={answers} />);
  return { asked, answers };
}

const type = (field: HTMLElement, value: string) => fireEvent.input(field, { target: { value } });
const button = (name: string | RegExp) => screen.getByRole("button", { name });

describe("with no stores", () => {
  test("the first step is taught, by button and by command", async () => {
    open({ "GET /stores": () => json(200, pageOf()) });
    expect(await screen.findByText("Create your first store")).toBeTruthy();
    expect(screen.getByText(`curl -X POST ${location.origin}/stores`)).toBeTruthy();
    fireEvent.click(button("New store"));
    expect(screen.getByRole("dialog", { name: "New store" })).toBeTruthy();
  });
});

describe("creating", () => {
  const made = store({ id: "store-new222", name: "Fresh", status: "Queued", ready_at: null });

  test("sends the trimmed name with an idempotency key, shows its page with the heading focused", async () => {
    let stores = [store()];
    const { asked } = open({
      "GET /stores": () => json(200, pageOf(...stores)),
      "GET /stores/store-new222": () => json(200, made),
      "POST /stores": () => {
        stores = [made, ...stores];
        return json(202, made);
      },
    });
    fireEvent.click(await screen.findByRole("button", { name: "New store" }));
    type(screen.getByLabelText("Name"), "  Fresh ");
    fireEvent.click(button("Create store"));

    const heading = await screen.findByRole("heading", { name: "Fresh" });
    await waitFor(() => expect(document.activeElement).toBe(heading));
    expect(screen.queryByRole("dialog")).toBeNull();
    const post = asked.find(({ method }) => method === "POST");
    expect(post?.body).toEqual({ name: "Fresh" });
    expect(post?.headers.get("idempotency-key")).toMatch(/^[0-9a-f]{32}$/);
    expect(location.pathname).toBe("/ui/stores/store-new222");
  });

  test("leaves an empty name to the platform", async () => {
    const { asked } = open({
      "GET /stores": () => json(200, pageOf()),
      "POST /stores": () => json(202, made),
    });
    fireEvent.click(await screen.findByRole("button", { name: "New store" }));
    fireEvent.click(button("Create store"));
    await waitFor(() => expect(asked.some(({ method }) => method === "POST")).toBe(true));
    expect(asked.find(({ method }) => method === "POST")?.body).toEqual({});
  });

  test("counts characters as the platform does and does not send a name too long", async () => {
    const { asked } = open({ "GET /stores": () => json(200, pageOf()) });
    fireEvent.click(await screen.findByRole("button", { name: "New store" }));
    type(screen.getByLabelText("Name"), "\u{1f6d2}".repeat(60));
    expect(screen.queryByText(/Use at most 60/)).toBeNull();
    type(screen.getByLabelText("Name"), "x".repeat(61));
    expect(screen.getByText("Use at most 60 characters; this has 61.")).toBeTruthy();
    fireEvent.click(button("Create store"));
    expect(asked.every(({ method }) => method === "GET")).toBe(true);
  });

  test("keeps the dialog and the typed name when refused; the same wish keeps its key", async () => {
    const { asked } = open({
      "GET /stores": () => json(200, pageOf()),
      "POST /stores": () =>
        json(422, {
          title: "Invalid",
          detail: "The name is not allowed.",
          errors: [{ pointer: "/name", detail: "must not contain control characters" }],
        }),
    });
    fireEvent.click(await screen.findByRole("button", { name: "New store" }));
    type(screen.getByLabelText("Name"), "Bad");
    fireEvent.click(button("Create store"));
    expect((await screen.findByRole("alert")).textContent).toContain("The name is not allowed.");
    expect(screen.getByLabelText<HTMLInputElement>("Name").value).toBe("Bad");
    expect(screen.getByLabelText("Name").getAttribute("aria-invalid")).toBe("true");

    const keys = () =>
      asked.filter(({ method }) => method === "POST").map((a) => a.headers.get("idempotency-key"));
    fireEvent.click(button("Create store"));
    await waitFor(() => expect(keys()).toHaveLength(2));
    await screen.findByRole("alert");
    type(screen.getByLabelText("Name"), "Other");
    fireEvent.click(button("Create store"));
    await waitFor(() => expect(keys()).toHaveLength(3));
    expect(keys()[1]).toBe(keys()[0]);
    expect(keys()[2]).not.toBe(keys()[0]);
  });

  test("an error that comes after the dialog was closed stays on the page", async () => {
    let refuse: (() => void) | undefined;
    open({
      "GET /stores": () => json(200, pageOf()),
      "POST /stores": () =>
        new Promise((resolve) => {
          refuse = () => resolve(json(500, { title: "Oops", detail: "The database is away." }));
        }),
    });
    fireEvent.click(await screen.findByRole("button", { name: "New store" }));
    fireEvent.click(button("Create store"));
    await waitFor(() => expect(refuse).toBeDefined());
    fireEvent.click(button("Cancel"));
    refuse?.();
    const alert = await screen.findByRole("alert");
    expect(alert.textContent).toContain("The database is away.");
    fireEvent.click(within(alert).getByRole("button", { name: "Dismiss" }));
    expect(screen.queryByRole("alert")).toBeNull();
  });
});

describe("deleting", () => {
  test("needs the typed name, asks the api, and keeps focus when the row goes", async () => {
    let stores = [store()];
    const { asked, answers } = open({
      "GET /stores": () => json(200, pageOf(...stores)),
      "DELETE /stores/store-bcdf24": () => {
        stores = [store({ status: "Deleting" })];
        return json(202, stores[0]);
      },
    });
    const remove = await screen.findByRole("button", { name: "Delete My Shop" });
    remove.focus();
    fireEvent.click(remove);
    const submit = () => screen.getByRole<HTMLButtonElement>("button", { name: "Delete store" });
    expect(submit().disabled).toBe(true);
    type(screen.getByRole("textbox"), "my shop");
    expect(submit().disabled).toBe(true);
    fireEvent.submit(screen.getByRole("textbox"));
    expect(asked.every(({ method }) => method === "GET")).toBe(true);

    type(screen.getByRole("textbox"), "My Shop");
    expect(submit().disabled).toBe(false);
    fireEvent.click(submit());
    expect(await screen.findByText("Deleting", { selector: ".badge" })).toBeTruthy();
    expect(screen.queryByRole("dialog")).toBeNull();

    expect(document.activeElement).toBe(screen.getByRole("link", { name: "My Shop" }));
    stores = [];
    await answers.refresh();
    await screen.findByText("Create your first store");
    expect(document.activeElement).toBe(screen.getByRole("heading", { name: "Stores" }));
    expect(await screen.findByText("My Shop is deleted.")).toBeTruthy();
  });
});

describe("when the api is away", () => {
  test("the banner says so, what was known stays, and both end when it is back", async () => {
    let away = false;
    const { answers } = open({
      "GET /stores": () => (away ? Promise.reject(new TypeError()) : json(200, pageOf(store()))),
    });
    await screen.findByText("My Shop");
    away = true;
    await answers.refresh();
    expect(await screen.findByText(/The API does not answer\./)).toBeTruthy();
    expect(screen.getByText(/Shown is what was known at/)).toBeTruthy();
    expect(screen.getByText("My Shop")).toBeTruthy();
    away = false;
    await answers.refresh();
    await waitFor(() => expect(screen.queryByText(/The API does not answer/)).toBeNull());
  });

  test("a problem of the api is shown with its own words", async () => {
    open({ "GET /stores": () => json(500, { title: "x", detail: "The database is away." }) });
    expect(await screen.findByText("The API answers with an error.")).toBeTruthy();
    expect(screen.getByText(/The database is away\./)).toBeTruthy();
  });
});

test("the address holds which stores are shown, so a reload or a friend sees the same", async () => {
  history.replaceState(null, "", "/ui/stores?status=Failed");
  open({
    "GET /stores?status=Failed": () => json(200, pageOf(store({ status: "Failed" }))),
    "GET /stores": () => json(200, pageOf(store({ name: "Everything" }))),
  });
  expect(await screen.findByText("My Shop")).toBeTruthy();
  expect(screen.getByLabelText<HTMLSelectElement>("Status").value).toBe("Failed");
  fireEvent.click(button("Clear filters"));
  expect(await screen.findByText("Everything")).toBeTruthy();
  expect(location.search).toBe("");
  history.back();
  expect(await screen.findByText("My Shop")).toBeTruthy();
});

test("a search stands in the address once typing rests, and sorts by itself", async () => {
  history.replaceState(null, "", "/ui/stores?sort=name&status=Deleted");
  const asked = open({
    "GET /stores?status=Deleted&sort=name": () => json(200, pageOf(store({ name: "Gone" }))),
    "GET /stores?q=tea": () => json(200, pageOf(store({ name: "Tea" }))),
  }).asked;
  await screen.findByText("Gone");
  for (const text of ["t", "te", "tea"]) {
    type(screen.getByLabelText("Search"), text);
  }
  expect(await screen.findByText("Tea")).toBeTruthy();
  expect(location.search).toBe("?q=tea");
  expect(asked.some(({ path }) => path.includes("q=t&") || path.endsWith("q=te"))).toBe(false);
  expect(screen.queryByLabelText("Sort")).toBeNull();
});

test("a page of filters that is empty is not the last while there is one behind it", async () => {
  history.replaceState(null, "", "/ui/stores?health=Degraded&plan=large&cursor=c");
  open({
    "GET /stores?health=Degraded&plan=large&cursor=c": () =>
      json(200, { ...pageOf(), next_cursor: "n" }),
  });
  expect(await screen.findByText(/there may be more behind it/)).toBeTruthy();
  expect(location.search).toContain("cursor=c");
  expect((button("Next") as HTMLButtonElement).disabled).toBe(false);
});

test("a filter that nothing meets says so and does not teach the first step", async () => {
  history.replaceState(null, "", "/ui/stores?status=Failed");
  open({ "GET /stores?status=Failed": () => json(200, pageOf()) });
  expect(await screen.findByText("No store matches these filters")).toBeTruthy();
  expect(screen.queryByText("Create your first store")).toBeNull();
});

test("pages follow the api's cursors and stand in the address", async () => {
  open({
    "GET /stores": () => json(200, { ...pageOf(store()), next_cursor: "a+b" }),
    "GET /stores?cursor=a%2Bb": () =>
      json(200, { ...pageOf(store({ id: "store-zzzz22", name: "Next" })), prev_cursor: "p" }),
  });
  fireEvent.click(await screen.findByRole("button", { name: "Next" }));
  expect(await screen.findByText("store-zzzz22")).toBeTruthy();
  expect(location.search).toBe("?cursor=a%2Bb");
});

test.each([
  ["is empty", () => json(200, { ...pageOf(), prev_cursor: "p" })],
  ["is refused", () => json(400, { title: "x", detail: "`cursor` is not one of this list." })],
])("a page that %s gives way to the newest one", async (_, answer) => {
  history.replaceState(null, "", "/ui/stores?cursor=old");
  open({ "GET /stores": () => json(200, pageOf(store())), "GET /stores?cursor=old": answer });
  expect(await screen.findByText("store-bcdf24")).toBeTruthy();
  expect(location.search).toBe("");
  expect(screen.queryByText(/not one of this list/)).toBeNull();
});

test("the list is asked for quickly while something moves, calmly otherwise", () => {
  expect(pauseMs(pageOf(store({ status: "Queued" })))).toBe(1_000);
  expect(pauseMs(pageOf(store()))).toBe(5_000);
  expect(pauseMs(undefined)).toBe(5_000);
  expect(pauseAfter(new Error("away"), 5_000)).toBe(2_000);
  expect(pauseAfter(problemFrom(503, "", {}), 5_000)).toBe(2_000);
  expect(pauseAfter(problemFrom(404, "", {}), 5_000)).toBe(false);
});
