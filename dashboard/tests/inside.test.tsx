// A store's inside: pods, usage, logs; who may only look reads none of those.
import { fireEvent, render, screen, within } from "@testing-library/preact";
import { afterEach, expect, test, vi } from "vitest";
import type { Container, Inside } from "../src/api/types";
import { App } from "../src/app";
import { newAnswers } from "../src/live/look";
import { type Answer, admin, json, serve } from "./api";
import { pageOf, store } from "./samples";

afterEach(() => vi.unstubAllGlobals());

const STORE = "/stores/store-bcdf24";
const container = (more: Partial<Container>): Container => ({
  name: "wordpress",
  image: "wordpress:7",
  state: "Running",
  reason: "",
  restarts: 0,
  ...more,
});
const inside: Inside = {
  looked_at: "2026-11-30T12:00:00Z",
  pods: [
    {
      ...{ name: "web-1", part: "wordpress", phase: "Running", ready: false, started_at: null },
      containers: [container({ state: "Waiting", reason: "CrashLoopBackOff", restarts: 2 })],
    },
  ],
  volumes: [{ name: "data-mysql-0", phase: "Bound", size: "2Gi" }],
  usage: [{ resource: "requests.memory", used: "512Mi", limit: "1Gi" }],
};

function open(given: Record<string, Answer> = {}) {
  history.replaceState(null, "", `/ui${STORE}/inside`);
  const asked = serve({
    "GET /stores": () => json(200, pageOf(store())),
    [`GET ${STORE}`]: () => json(200, store({ status: "Ready" })),
    [`GET ${STORE}/pods`]: () => json(200, inside),
    ...given,
  });
  render(<App answers={newAnswers()} />);
  return asked;
}

test("pods say why they wait, and usage what of what", async () => {
  open();
  expect(await screen.findByText(/waits: CrashLoopBackOff · 2 restarts/)).toBeTruthy();
  expect(screen.getByText("512 Mi of 1 Gi")).toBeTruthy();
  expect(screen.getByText("2 Gi · bound")).toBeTruthy();
});

test("a log is read as text, of the run before too", async () => {
  const text = "<img src=x onerror=alert(1)>\n";
  const log = (path: string, said: string): Record<string, Answer> => ({
    [`GET ${STORE}/logs?pod=web-1&container=wordpress${path}`]: () =>
      json(200, { looked_at: at, logs: [{ pod: "web-1", container: "wordpress", text: said }] }),
  });
  const at = "2026-11-30T12:00:00Z";
  open({ ...log("", text), ...log("&previous=true", "before\n") });
  fireEvent.click(await screen.findByRole("button", { name: "Logs of wordpress in web-1" }));
  const dialog = within(screen.getByRole("dialog"));
  expect(await dialog.findByText("<img src=x onerror=alert(1)>")).toBeTruthy();
  expect(document.querySelector("main img")).toBeNull();
  fireEvent.click(dialog.getByLabelText("Of the run before the last start"));
  expect(await dialog.findByText("before")).toBeTruthy();
});

test("a cluster that is silent is told", async () => {
  const away = { title: "The cluster does not answer", status: 504, detail: "It is away." };
  open({ [`GET ${STORE}/pods`]: () => json(504, away) });
  expect(await screen.findByText(/It is away/)).toBeTruthy();
});

test("who may only look sees pods, and no logs", async () => {
  open({ "GET /whoami": () => json(200, { ...admin, role: "viewer", runs_platform: false }) });
  await screen.findByText("web-1");
  expect(screen.queryByRole("button", { name: /^Logs of/ })).toBeNull();
});

test("nothing in the cluster is said in words", async () => {
  open({
    [`GET ${STORE}/pods`]: () => json(200, { ...inside, pods: [], volumes: [], usage: [] }),
  });
  expect(await screen.findByText("There is nothing of this store in the cluster")).toBeTruthy();
});
