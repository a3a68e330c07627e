// The stores of the screenshots: one of each look, hostile and long names too.

export const ago = (seconds) => new Date(Date.now() - seconds * 1_000).toISOString();

const step = (name, from, until, more = {}) => ({
  step: name,
  attempt: 1,
  outcome: until === undefined ? "Running" : "Done",
  started_at: ago(from),
  finished_at: until === undefined ? null : ago(until),
  duration_ms: until === undefined ? null : (from - until) * 1_000,
  ...more,
});

const operation = (kind, status, begun, ended, steps, more = {}) => ({
  id: "0193a0aa-0000-7000-8000-000000000001",
  kind,
  status,
  attempt: 1,
  created_at: ago(begun),
  started_at: ago(begun - 0.4),
  finished_at: ended === undefined ? null : ago(ended),
  steps,
  ...more,
});

const store = (id, name, status, begun, more = {}) => ({
  id,
  name,
  status,
  plan: "small",
  wanted: { name, plan: "small" },
  admin_email: "owner@example.com",
  labels: {},
  deletion_protection: false,
  images: {},
  generation: 1,
  host: `${id}.localhost`,
  url: `http://${id}.localhost:8080`,
  health: { status: "Unknown", reasons: [], looked_at: null },
  created_at: ago(begun),
  ready_at: null,
  ...more,
});

const health = (status, ...reasons) => ({ status, reasons, looked_at: ago(12) });

const crash = {
  code: "CrashLoop",
  message:
    "A container of the store keeps crashing. Pod/wordpress-7c9f5d: container wordpress exited with 255, 6 restarts.",
  next_action: "Read the last log lines below, correct the cause, then retry.",
  retryable: true,
  step: "Rollout",
  evidence: [
    {
      kind: "Event",
      object: "Pod/wordpress-7c9f5d",
      text: "Back-off restarting failed container wordpress in pod wordpress-7c9f5d",
    },
    {
      kind: "Log",
      object: "Pod/wordpress-7c9f5d",
      text: "PHP Fatal error:  Uncaught mysqli_sql_exception: Access denied for user 'wordpress'@'10.42.0.17' (using password: YES) in /var/www/html/wp-includes/class-wpdb.php:1990\nStack trace:\n#0 {main}",
    },
  ],
};

const noImage = {
  code: "ImagePull",
  message:
    "An image of the store cannot be pulled. Pod/wordpress-5d9c: registry.example/web:7.0.9 was not found.",
  next_action: "Name an image that is there, then update again.",
  retryable: true,
  step: "Rollout",
  evidence: [],
};

export const everyLook = () => [
  store("store-kq7w2x", "Tea & Ceramics", "Provisioning", 19, {
    operation: operation("Create", "Running", 19, undefined, [
      step("Namespace", 18.6, 18.2),
      step("Credentials", 18.2, 18.1),
      step("Release", 18.1, 15.2),
      step("Rollout", 15.2, undefined, {
        waiting: { message: "StatefulSet/mysql: 0 of 1 pods are ready", code: null },
      }),
    ]),
  }),
  store("store-zz5rtp", "Nightly load test 42", "Queued", 12, {
    operation: operation("Create", "Queued", 12, undefined, []),
  }),
  store("store-t3nxsd", "Wool & Yarn", "Provisioning", 75, {
    operation: operation(
      "Create",
      "Running",
      75,
      undefined,
      [
        step("Namespace", 74.6, 74.2),
        step("Credentials", 74.2, 74.1),
        step("Release", 74.1, 31, { outcome: "Interrupted" }),
        step("Unlock", 31, 30.4),
      ],
      {
        waiting: {
          message: "Another worker has taken the store over; it goes on by itself.",
          at: ago(5),
          until: ago(-14),
        },
      },
    ),
  }),
  store("store-m5ktrp", "Bread and Butter", "Ready", 7_300, {
    ready_at: ago(7_270),
    health: health(
      "Degraded",
      { code: "DatabaseNotReady", object: "StatefulSet/mysql", message: "0 of 1 pods ready" },
      {
        code: "OutOfMemory",
        object: "Pod/mysql-0",
        message: "container mysql was killed for using more than its 512Mi, 3 restarts",
      },
    ),
    operation: operation("Create", "Succeeded", 7_300, 7_270, [step("Rollout", 7_290, 7_270)]),
  }),
  store("store-d9fwzt", "Garden tools", "Ready", 50_000, {
    ready_at: ago(49_970),
    health: health("Healthy"),
    operation: operation(
      "Update",
      "Failed",
      620,
      480,
      [step("Release", 619, 616), step("Rollout", 616, 480, { outcome: "Failed" })],
      { failure: noImage },
    ),
  }),
  store("store-h4mvnc", "Café Zürich", "Ready", 340, {
    chart: "0.2.0",
    images: { mysql: "mysql:8.4", wordpress: "wordpress:7.1-php8.4-apache" },
    previous: { chart: "0.1.0", image: "7.0.2" },
    labels: { team: "north", note: '<img src=x onerror="globalThis.ran=1">' },
    ready_at: ago(313),
    health: health("Healthy"),
    operation: operation("Create", "Succeeded", 340, 313, [
      step("Namespace", 339.6, 339.1),
      step("Credentials", 339.1, 338.9),
      step("Release", 338.9, 335.8),
      step("Rollout", 335.8, 314.6),
      step("Storefront", 314.6, 313),
    ]),
  }),
  store("store-b8dcxj", "Spare parts", "Failed", 1_900, {
    failure: crash,
    operation: operation(
      "Create",
      "Failed",
      1_900,
      1_540,
      [
        step("Namespace", 1_899, 1_898.6),
        step("Credentials", 1_898.6, 1_898.4),
        step("Release", 1_898.4, 1_895),
        step("Rollout", 1_895, 1_700, { outcome: "Failed" }),
        step("Rollout", 1_690, 1_540, { attempt: 2, outcome: "Failed" }),
      ],
      { attempt: 2, failure: crash },
    ),
  }),
  store(
    "store-w6gkls".replace("l", "z"),
    '<img src=x onerror="globalThis.ran=1">',
    "Ready",
    86_000,
    {
      ready_at: ago(85_970),
      deletion_protection: true,
      admin_email: '"<img/src/onerror=globalThis.ran=1>"@example.com',
    },
  ),
  store("store-v9ttr4", "W".repeat(60), "Deleting", 200_000, {
    ready_at: ago(199_970),
    operation: operation("Delete", "Running", 8, undefined, [step("Purge", 7.6)]),
  }),
  store("store-r7xkfb", "Winter sale", "Deleting", 600_000, {
    ready_at: ago(599_970),
    operation: operation("Delete", "Queued", 90, undefined, [], { not_before: ago(-259_110) }),
  }),
  store("store-n2hhxq", "متجر الشاي \u2013 tea", "Suspended", 900_000, { ready_at: ago(899_000) }),
  store("store-c5pllx".replaceAll("l", "k"), "Old outlet", "DeleteFailed", 4_000_000, {
    ready_at: ago(3_999_000),
    operation: operation("Delete", "Failed", 900, 0.1, [
      step("Purge", 899, 1, { outcome: "Failed" }),
    ]),
    failure: {
      code: "DeleteBlocked",
      message:
        "The store's namespace cannot be removed yet. PersistentVolumeClaim/data-mysql-0 holds a finalizer.",
      next_action: "Remove the finalizers of the objects named below, then delete again.",
      retryable: true,
      evidence: [],
    },
  }),
];
