// The pages beside the list, against a stand-in for fetch: one store, bulk deeds,
// keys, dead letters, the audit's proof; and what a viewer does not see.
import { fireEvent, render, screen, waitFor, within } from "@testing-library/preact";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { StoreView } from "../src/api/types";
import { App } from "../src/app";
import { exact } from "../src/format/time";
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
const field = (label: string) => screen.getByLabelText<HTMLInputElement>(label);
/** As when somebody comes back to the tab. */
const lookAgain = () => document.dispatchEvent(new Event("visibilitychange"));
const type = (label: string, value: string) =>
  fireEvent.input(screen.getByLabelText(label), { target: { value } });

describe("one store", () => {
  test("a deed is told before it is done, and asked for once with a key", async () => {
    let seen: StoreView = ready;
    const asked = open("/ui/stores/store-bcdf24", {
      [`GET ${STORE}`]: () => json(200, seen),
      [`POST ${STORE}/suspend`]: () => {
        seen = store({ status: "Updating" });
        return json(202, seen);
      },
    });
    const suspend = await button("Suspend");
    suspend.focus();
    fireEvent.click(suspend);
    const dialog = within(screen.getByRole("dialog"));
    expect(dialog.getByText(/stops answering/)).toBeTruthy();
    expect(asked.every(({ method }) => method === "GET")).toBe(true);
    fireEvent.click(dialog.getByRole("button", { name: "Suspend" }));
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    expect(document.activeElement).toBe(screen.getByRole("heading", { name: "My Shop" }));
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

  test("settings leave what somebody else changes meanwhile, and send what was seen", async () => {
    let seen = { ...ready, labels: { team: "north" } as Record<string, string> };
    const asked = open("/ui/stores/store-bcdf24/settings", {
      [`GET ${STORE}`]: () => json(200, seen, { ETag: `"${seen.generation}-x"` }),
      [`PATCH ${STORE}`]: () => json(202, seen),
    });
    await button("Save changes");
    type("Labels", "team=south");
    seen = { ...seen, generation: 2, wanted: { name: "My Shop", plan: "large" } };
    seen.labels = { team: "north", theirs: "1" };
    lookAgain();
    await waitFor(() => expect(field("Plan").value).toBe("large"));
    expect(field("Labels").value).toBe("team=south");
    expect(screen.queryByRole("alert")).toBeNull();
    fireEvent.click(await button("Save changes"));
    await waitFor(() => expect(asked.some(({ method }) => method === "PATCH")).toBe(true));
    const patch = asked.find(({ method }) => method === "PATCH");
    expect(patch?.body).toEqual({ labels: { team: "south" } });
    expect(patch?.headers.get("if-match")).toBe('"2-x"');
  });

  test("settings that two change are told, also by a 412, and the newest can be taken over", async () => {
    let seen = ready;
    const asked = open("/ui/stores/store-bcdf24/settings", {
      [`GET ${STORE}`]: () => json(200, seen, { ETag: 'W/"1-x"' }),
      [`PATCH ${STORE}`]: () =>
        json(412, { title: "Changed meanwhile", detail: "Send its new ETag." }),
    });
    await button("Save changes");
    fireEvent.change(field("Plan"), { target: { value: "medium" } });
    fireEvent.click(await button("Save changes"));
    const alert = await screen.findByRole("alert");
    expect(alert.textContent).toContain("Somebody else changed this store meanwhile");
    expect(alert.textContent).not.toContain("ETag");
    seen = { ...ready, wanted: { name: "My Shop", plan: "large" } };
    lookAgain();
    await waitFor(() => expect(alert.textContent).toContain("Plan: large"));
    const patch = asked.find(({ method }) => method === "PATCH");
    expect(patch?.headers.has("if-match"), "a weak tag never matches").toBe(false);
    expect(field("Plan").value).toBe("medium");
    fireEvent.click(await button("Take over the newest"));
    expect(field("Plan").value).toBe("large");
    expect(screen.queryByRole("alert")).toBeNull();
    expect(document.activeElement).toBe(field("Name"));
  });

  test("a delete that waits says on its page until when it can be undone", async () => {
    const not_before = new Date(Date.now() + 60_000).toISOString();
    const held = operation({ kind: "Delete", status: "Queued", not_before });
    open("/ui/stores/store-bcdf24/settings", {
      [`GET ${STORE}`]: () => json(200, { ...ready, status: "Deleting", operation: held }),
    });
    expect((await screen.findByText("It can still be undone.")).closest("p")?.textContent).toBe(
      `It can still be undone. Nothing is removed before ${exact(not_before)}; until then, Cancel keeps the store.`,
    );
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
