// The pages beside the list, against a stand-in for fetch: one store, bulk deeds,
// keys, dead letters, the audit's proof; and what a viewer does not see.
import { fireEvent, render, screen, waitFor, within } from "@testing-library/preact";
import { afterEach, describe, expect, test, vi } from "vitest";
import { App } from "../src/app";
import { newAnswers } from "../src/live/look";
import { type Answer, admin, json, serve } from "./api";
import { counts, operation, pageOf, store } from "./samples";

afterEach(() => vi.unstubAllGlobals());

const STORE = "/stores/store-bcdf24";
const ready = store({
  operation: operation({ status: "Succeeded" }),
  previous: { chart: "0.1.0" },
});
const viewer = { ...admin, role: "viewer" as const, runs_platform: false };

function open(path: string, given: Record<string, Answer>) {
  history.replaceState(null, "", path);
  const asked = serve({ "GET /stores": () => json(200, pageOf(ready)), ...given });
  render(<App answers={newAnswers()} />);
  return asked;
}
const button = (name: string | RegExp) => screen.findByRole("button", { name });
const type = (label: string, value: string) =>
  fireEvent.input(screen.getByLabelText(label), { target: { value } });

describe("one store", () => {
  test("a deed is told before it is done, and asked for once with a key", async () => {
    const asked = open("/ui/stores/store-bcdf24", {
      [`GET ${STORE}`]: () => json(200, ready),
      [`POST ${STORE}/suspend`]: () => json(202, store({ status: "Updating" })),
    });
    fireEvent.click(await button("Suspend"));
    const dialog = within(screen.getByRole("dialog"));
    expect(dialog.getByText(/stops answering/)).toBeTruthy();
    expect(asked.every(({ method }) => method === "GET")).toBe(true);
    fireEvent.click(dialog.getByRole("button", { name: "Suspend" }));
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    const posts = asked.filter(({ method }) => method === "POST");
    expect(posts.map(({ path }) => path)).toEqual([`${STORE}/suspend`]);
    expect(posts[0]?.headers.get("idempotency-key")).toBe(`suspend-${ready.operation?.id}`);
  });

  test("a protected store has no way to its end", async () => {
    open("/ui/stores/store-bcdf24", {
      [`GET ${STORE}`]: () => json(200, { ...ready, deletion_protection: true }),
    });
    const remove = (await button("Delete")) as HTMLButtonElement;
    expect(remove.disabled).toBe(true);
    expect(remove.title).toContain("Deletion protection is on");
  });

  test("settings send what is different alone, and what is being typed stays", async () => {
    let labels: Record<string, string> = { team: "north" };
    const asked = open("/ui/stores/store-bcdf24/settings", {
      [`GET ${STORE}`]: () => json(200, { ...ready, labels }),
      [`PATCH ${STORE}`]: () => {
        labels = { team: "south" };
        return json(200, { ...ready, labels });
      },
    });
    await button("Save changes");
    expect(((await button("Save changes")) as HTMLButtonElement).disabled).toBe(true);
    type("Labels", "team=south");
    fireEvent.click(await button("Save changes"));
    expect(await screen.findByText("Saved.")).toBeTruthy();
    expect(asked.find(({ method }) => method === "PATCH")?.body).toEqual({
      labels: { team: "south" },
    });
  });

  test("one that is not there says so, and asks no more", async () => {
    open("/ui/stores/store-bcdf24", {
      [`GET ${STORE}`]: () => json(404, { title: "Not found", detail: "no" }),
    });
    expect(await screen.findByText("There is no such store")).toBeTruthy();
    expect(screen.queryByText("The API answers with an error.")).toBeNull();
  });
});

test("bulk: each chosen store is asked for, with a result of its own", async () => {
  const other = store({ id: "store-ghjk24", name: "Other" });
  const asked = open("/ui/stores", {
    "GET /stores": () => json(200, pageOf(ready, other)),
    [`DELETE ${STORE}`]: () => json(202, {}),
    "DELETE /stores/store-ghjk24": () => json(409, { title: "x", detail: "It is protected." }),
  });
  fireEvent.click(await screen.findByLabelText("Choose all on this page"));
  const bar = within(screen.getByRole("region", { name: "With the chosen stores" }));
  expect(bar.getByText("2 stores chosen")).toBeTruthy();
  fireEvent.click(bar.getByRole("button", { name: "Delete" }));
  const submit = () =>
    screen.getByRole<HTMLButtonElement>("button", { name: "Delete these stores" });
  expect(submit().disabled).toBe(true);
  type("Type 2 to confirm", "2");
  fireEvent.click(submit());
  expect(await screen.findByText("Delete: 1 of 2 accepted")).toBeTruthy();
  expect((await screen.findByText(/It is protected\./)).closest("li")?.textContent).toContain(
    "Other",
  );
  expect(asked.filter(({ method }) => method === "DELETE")).toHaveLength(2);
});

test("a new key is shown once, and is nowhere in the page when that is closed", async () => {
  const key = { id: "k", tenant_id: "t", name: "ci", role: "viewer", prefix: "urumi_abc" };
  const known = { ...key, status: "Active", created_by: "local", created_at: ready.created_at };
  open("/ui/access", {
    "GET /keys?limit=20": () => json(200, { items: [known] }),
    "GET /tenants?limit=20": () => json(200, { items: [] }),
    "POST /keys": () => json(201, { ...known, key: "urumi_abc_secret" }),
  });
  fireEvent.click(await button("New key"));
  type("What for", "ci");
  fireEvent.click(await button("Create key"));
  expect(await screen.findByText("urumi_abc_secret")).toBeTruthy();
  fireEvent.click(await button("I have copied it"));
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  expect(document.body.innerHTML).not.toContain("urumi_abc_secret");
});

test("a replay that is refused says why; the letter stays", async () => {
  const letter = {
    ...{ id: "L1", queue: "store.events", reason: "unknown variant", excerpt: "<b>x</b>" },
    ...{ received_at: ready.created_at, replayed_at: null },
  };
  open("/ui/dead-letters", {
    "GET /dead-letters?limit=20": () => json(200, { items: [letter] }),
    "POST /dead-letters/L1/replay": () =>
      json(409, { title: "x", detail: "It still cannot be used.", code: "still_unusable" }),
  });
  fireEvent.click(await button("Replay L1"));
  expect((await screen.findByRole("alert")).textContent).toContain("It still cannot be used.");
  expect(screen.getByText("unknown variant")).toBeTruthy();
  expect(document.querySelector("pre b")).toBeNull();
});

test("the chain is walked part by part to its head, and a bad row is named", async () => {
  const place = (seq: number) => ({ seq, hash: `${seq}`.repeat(64).slice(0, 64) });
  const part = { valid: true, rows: 10, head: place(15), first_bad: null };
  let bad = false;
  const asked = open("/ui/audit", {
    "GET /stores/audit/logs?limit=50": () => json(200, { items: [] }),
    "GET /audit/verify": () => json(200, { ...part, complete: false, checked_to: place(10) }),
    [`GET /audit/verify?from_seq=10&from_hash=${place(10).hash}`]: () =>
      json(200, {
        ...{ ...part, rows: 5, complete: !bad, valid: !bad, checked_to: place(15) },
        first_bad: bad ? { seq: 12, reason: "the row is not what was written" } : null,
      }),
  });
  fireEvent.click(await button("Verify the chain"));
  expect(await screen.findByText("All 15 rows fit together.")).toBeTruthy();
  expect(asked.filter(({ path }) => path.startsWith("/audit/verify"))).toHaveLength(2);
  bad = true;
  fireEvent.click(await button("Verify the chain"));
  expect(
    await screen.findByText("Row 12 does not fit: the row is not what was written"),
  ).toBeTruthy();
});

describe("a viewer", () => {
  const given = {
    "GET /whoami": () => json(200, viewer),
    "GET /stores/counts": () => json(200, counts({ Ready: 1 })),
    "GET /stores/audit/logs?limit=50": () => json(200, { items: [] }),
    [`GET ${STORE}`]: () => json(200, ready),
  };
  test.each([
    ["/", "Overview"],
    ["/ui/stores", "Stores"],
    ["/ui/stores/store-bcdf24", "My Shop"],
    ["/ui/stores/store-bcdf24/settings", "My Shop"],
    ["/ui/audit", "Audit"],
  ])("finds on %s nothing to press that changes anything", async (path, heading) => {
    open(path, given);
    await screen.findByRole("heading", { name: heading, level: 1 });
    const names = screen.getAllByRole("button").map((one) => one.textContent ?? "");
    const changes = /new|delete|retry|cancel|upgrade|suspend|resume|roll|save|verify/i;
    expect(names.filter((name) => changes.test(name))).toEqual([]);
    expect(screen.queryByRole("checkbox", { name: /Choose/ })).toBeNull();
  });
});
