// A second api beside the platform's, on the same records and like any other
// replica: one that asks everybody for a key, for what roles see and may; or one
// that a test may stop and start.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { createServer } from "node:net";
import { until } from "./browser.mjs";

const program = process.env.URUMI_API_PROGRAM;

async function freePort() {
  const server = createServer();
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address();
  await new Promise((closed) => server.close(closed));
  return port;
}

function environment(login) {
  assert.ok(program, "URUMI_API_PROGRAM is not set; run tests/e2e.sh");
  const { DATABASE_URL, AMQP_URL, URUMI_DASHBOARD_DIR, PATH, HOME } = process.env;
  return { DATABASE_URL, AMQP_URL, URUMI_DASHBOARD_DIR, PATH, HOME, URUMI_LOGIN: login };
}

/** One on a port of its own; `stop` and `start` may follow each other. */
export async function apiBeside(login = "off") {
  const port = await freePort();
  const url = `http://localhost:${port}`;
  let child;
  const start = async () => {
    child = spawn(program, ["serve"], {
      env: { ...environment(login), URUMI_LISTEN: `127.0.0.1:${port}`, URUMI_LOG: "error" },
      stdio: ["ignore", "ignore", "inherit"],
    });
    await until("the api beside answers", async () => {
      assert.equal(child.exitCode, null, "the api beside ended");
      return fetch(`${url}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      );
    });
  };
  const stop = () =>
    new Promise((ended) => {
      if (child.exitCode !== null) return ended();
      child.once("exit", ended);
      child.kill("SIGTERM");
    });
  await start();
  return { url, start, stop };
}

/** One that asks for a key; gives its address, keys by role, and how to stop it. */
export async function guardedApi() {
  const key = (role) =>
    execFileSync(program, ["key", "--role", role, "--name", `browser ${role}`], {
      env: environment("required"),
      encoding: "utf8",
    }).trim();
  const keys = { viewer: key("viewer"), admin: key("admin") };
  return { ...(await apiBeside("required")), keys };
}
