// What the stand-in answers beside its stores: who asks, audit, dead letters,
// keys, tenants; long and hostile words among them.
import { ago, everyLook } from "./stores.mjs";

const HOSTILE = '<img src=x onerror="globalThis.ran=1">';
const page = (items) => [200, { items, next_cursor: null, prev_cursor: null }];
const problem = (status, title, detail, code, errors = []) => [
  status,
  { title, status, detail, code, errors, request_id: "0193a0aa-7d11-7c1e-9c11-0a1b2c3d4e5f" },
];
const id = (n) => `0193a0aa-0000-7000-8000-${String(n).padStart(12, "0")}`;

const who = (role, runs_platform, means) => ({
  actor: `key:urumi_k7q2mxbc49`,
  role,
  runs_platform,
  means,
  tenant: { id: id(1), name: "local" },
});

const event = (seq, action, outcome, more = {}) => ({
  seq,
  id: id(seq),
  at: ago(4_000 - seq * 100),
  tenant_id: id(1),
  actor: "key:urumi_k7q2mxbc49",
  action,
  outcome,
  store_id: "store-h4mvnc",
  request_id: id(70 + seq),
  details: {},
  prev_hash: "0".repeat(64),
  hash: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
  ...more,
});

const audit = [
  event(1, "session.opened", "accepted", { store_id: null }),
  event(2, "store.create.requested", "accepted", { details: { name: HOSTILE } }),
  event(3, "operation.started", "succeeded", { actor: "platform", operation_id: id(900) }),
  event(4, "store.ready", "succeeded", { actor: "platform" }),
  event(5, "store.delete.refused", "refused", { details: { reason: "deletion_protected" } }),
  event(6, "operation.failed", "CrashLoop", { actor: "platform", store_id: "store-b8dcxj" }),
  event(7, "key.created", "accepted", { store_id: null, actor: HOSTILE }),
];

const letters = [
  {
    id: id(501),
    queue: "store.events",
    reason: "the message is not one this build understands: unknown variant `Paused`",
    received_at: ago(700),
    replayed_at: null,
    excerpt: `{"id":"${id(502)}","kind":"Paused","text":"${HOSTILE.replaceAll('"', "'")}"}`,
  },
  {
    id: id(503),
    queue: "store.commands",
    reason: "delivered 20 times without being settled",
    received_at: ago(90_000),
    replayed_at: ago(600),
    excerpt: `{"id":"${id(504)}","generation":3}`,
  },
];

const key = (n, name, role, status, more = {}) => ({
  id: id(600 + n),
  tenant_id: id(1),
  name,
  role,
  prefix: "urumi_k7q2mxbc49",
  status,
  created_by: "key:urumi_zz22mxbc49",
  created_at: ago(900_000),
  ...more,
});
const keys = [
  key(1, "ci", "operator", "Active", { last_used_at: ago(300), expires_at: ago(-8_000_000) }),
  key(2, "W".repeat(60), "viewer", "Active"),
  key(3, HOSTILE, "admin", "Revoked", { last_used_at: ago(90_000), revoked_at: ago(80_000) }),
];
const tenants = [
  { id: id(1), name: "local", created_at: ago(4_000_000), limits: {} },
  {
    id: id(2),
    name: "a-tenant-with-a-name-as-long-as-it-may-b",
    created_at: ago(90_000),
    limits: { max_stores: 10, max_operations: 2 },
  },
];

const container = (name, image, state, reason = "", restarts = 0) => ({
  ...{ name, image, state, reason, restarts },
});
const inside = {
  looked_at: ago(1),
  pods: [
    {
      ...{ name: "mysql-0", part: "mysql", phase: "Running", ready: true, started_at: ago(7_000) },
      containers: [container("mysql", "mysql:8.4", "Running")],
    },
    {
      ...{ name: "wordpress-7c9f5d8b6d-x2x9k", part: "wordpress", phase: "Running", ready: false },
      started_at: ago(6_900),
      containers: [
        container("files", "wordpress:7.1-php8.4-apache", "Ended", "Completed"),
        container("wordpress", "wordpress:7.1-php8.4-apache", "Waiting", "CrashLoopBackOff", 6),
      ],
    },
  ],
  volumes: [
    { name: "data-mysql-0", phase: "Bound", size: "2Gi" },
    { name: "wordpress", phase: "Pending", size: "1536Mi" },
  ],
  usage: [
    { resource: "limits.memory", used: "1280Mi", limit: "2Gi" },
    { resource: "pods", used: "2", limit: "6" },
    { resource: "requests.cpu", used: "350m", limit: "1" },
    { resource: "requests.memory", used: "640Mi", limit: "1Gi" },
    { resource: "requests.storage", used: "3584Mi", limit: "6Gi" },
  ],
};
const lines = Array.from(
  { length: 60 },
  (_, n) =>
    `[Mon Nov 30 12:00:${String(n).padStart(2, "0")}] ${n === 57 ? HOSTILE : "GET / 200"}\n`,
).join("");

/** The stand-in's state; scenes change it. */
export const scene = { away: false, stores: everyLook(), me: who("admin", true, "local") };
export const viewer = who("viewer", false, "session");
export const operator = who("operator", false, "session");
export const admin = who("admin", true, "local");

export function answers(method, path, params) {
  if (scene.away) {
    return undefined;
  }
  const [, area, second, third] = path.split("/");
  if (path === "/whoami") {
    return scene.me
      ? [200, scene.me]
      : problem(401, "Login required", "This needs a login.", "login_required");
  }
  if (method === "GET" && area === "stores" && second === undefined) {
    const [status, health] = [params.get("status"), params.get("health")];
    const isMeant = (store) =>
      (!status || store.status === status) && (!health || store.health.status === health);
    return page(scene.stores.filter(isMeant));
  }
  if (path === "/stores/counts") {
    return [200, counted(scene.stores)];
  }
  if (path === "/stores/events") {
    return problem(503, "Too many streams", "None here.", "streams_full");
  }
  if (path === "/stores/audit/logs") {
    const wanted = params.get("store_id");
    return page(audit.filter(({ store_id }) => !wanted || store_id === wanted));
  }
  if (area === "stores" && third === "pods") {
    return [200, inside];
  }
  if (area === "stores" && third === "logs") {
    return [200, { looked_at: ago(1), logs: [{ pod: "p", container: "c", text: lines }] }];
  }
  if (area === "stores" && second) {
    return ofStore(method, second, third);
  }
  if (method === "POST" && path === "/stores") {
    const detail = "must not contain control characters (found U+202E)";
    return problem(
      422,
      "Unprocessable",
      `The store's name is not valid: ${detail}.`,
      "invalid_body",
      [{ pointer: "/name", detail }],
    );
  }
  switch (`${method} ${path}`) {
    case "GET /dead-letters":
      return page(letters);
    case "GET /keys":
      return page(keys);
    case "POST /keys":
      return [201, { ...keys[0], key: "urumi_k7q2mxbc49_4pL9vT2nQ8sX6wZ1bY3cD5fG7hJ0kM" }];
    case "GET /tenants":
      return page(tenants);
    case "GET /audit/verify":
      return [
        200,
        {
          valid: true,
          complete: true,
          rows: 7,
          head: { seq: 7, hash: audit[6].hash },
          checked_to: { seq: 7, hash: audit[6].hash },
          first_bad: null,
        },
      ];
    default:
      return problem(404, "Not found", `There is nothing at ${path}.`, "not_found");
  }
}

function counted(stores) {
  const of = (words, key) =>
    Object.fromEntries(
      words.map((word) => [word, stores.filter((one) => key(one) === word).length]),
    );
  const statuses = ["Queued", "Provisioning", "Ready", "Failed", "Updating", "Suspended"];
  return {
    total: stores.length,
    by_status: of([...statuses, "Deleting", "DeleteFailed", "Deleted"], ({ status }) => status),
    by_health: of(["Unknown", "Healthy", "Degraded"], ({ health }) => health.status),
  };
}

function ofStore(method, storeId, what) {
  const store = scene.stores.find((one) => one.id === storeId);
  if (!store) {
    return problem(404, "Not found", "There is no such store.", "store_not_found");
  }
  if (method === "GET" && what === "operations") {
    const earlier = { ...store.operation, id: id(333), kind: "Create", status: "Succeeded" };
    return page(store.operation ? [store.operation, { ...earlier, failure: null }] : []);
  }
  if (method === "GET") {
    return [200, store];
  }
  const busy = id(12);
  return problem(
    409,
    "Another operation is open",
    `\`${storeId}\` is busy: its operation ${busy} (Update is Running) has not ended. Wait until it has (GET /operations/${busy}), or cancel it with POST /stores/${storeId}/cancel.`,
    "operation_open",
  );
}
