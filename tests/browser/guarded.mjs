// A second api beside the platform's, on the same records, that asks everybody for
// a key: for what roles see and may. It relays and projects like any other replica.
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

/** Starts it; gives its address, keys by role, and how to stop it. */
export async function guardedApi() {
  assert.ok(program, "URUMI_API_PROGRAM is not set; run tests/e2e.sh");
  const { DATABASE_URL, AMQP_URL, URUMI_DASHBOARD_DIR, PATH, HOME } = process.env;
  const port = await freePort();
  const env = { DATABASE_URL, AMQP_URL, URUMI_DASHBOARD_DIR, PATH, HOME, URUMI_LOGIN: "required" };
  const key = (role) =>
    execFileSync(program, ["key", "--role", role, "--name", `browser ${role}`], {
      env,
      encoding: "utf8",
    }).trim();
  const keys = { viewer: key("viewer"), admin: key("admin") };
  const child = spawn(program, ["serve"], {
    env: { ...env, URUMI_LISTEN: `127.0.0.1:${port}`, URUMI_LOG: "error" },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const url = `http://localhost:${port}`;
  await until("the guarded api answers", async () => {
    assert.equal(child.exitCode, null, "the guarded api ended");
    return fetch(`${url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
  });
  const stop = () =>
    new Promise((ended) => {
      child.once("exit", ended);
      child.kill("SIGTERM");
    });
  return { url, keys, stop };
}
