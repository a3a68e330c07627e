//! Labels and annotations that are ours, spelt once.

/// Field manager and value of `app.kubernetes.io/managed-by`.
pub const MANAGER: &str = "urumi";
/// Value of `app.kubernetes.io/part-of`.
pub const PART_OF: &str = "urumi-store-platform";

/// Kubernetes' recommended labels.
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// See [`MANAGED_BY`].
pub const PART_OF_LABEL: &str = "app.kubernetes.io/part-of";
/// The release an object belongs to, which is the store's id.
pub const INSTANCE: &str = "app.kubernetes.io/instance";
/// The part of a store: `wordpress`, `mysql`, `setup`, `cron`.
pub const COMPONENT: &str = "app.kubernetes.io/component";

/// The store a namespace is for.
pub const STORE: &str = "urumi.dev/store";
/// Its owner.
pub const TENANT: &str = "urumi.dev/tenant";
/// The installation that made the namespace; others are never touched.
pub const INSTALLATION: &str = "urumi.dev/installation";
/// On helm's release record: what the release was made of.
pub const DIGEST: &str = "urumi.dev/digest";

/// Annotation of a namespace whose store was ready once.
pub const EVER_READY: &str = "urumi.dev/ever-ready";
/// Annotation of such a namespace: helm's revision that was ready last.
pub const READY_REVISION: &str = "urumi.dev/ready-revision";

/// Annotation of a namespace whose store rests: the web pods that it had before.
pub const WEB_REPLICAS: &str = "urumi.dev/web-replicas";

/// Annotation of a namespace: the host name that its shop answers for.
pub const HOST: &str = "urumi.dev/host";
/// Annotation of a namespace: the address of its shop's front page.
pub const URL: &str = "urumi.dev/url";

/// Annotation of a store's workload: when its controller was last told that there
/// is room for a pod that a quota had refused.
pub const ASKED_AGAIN: &str = "urumi.dev/asked-again";
/// Annotation of a store's workloads: helm's revision, set by the chart.
pub const REVISION: &str = "urumi.dev/revision";
/// Annotation of a Deployment whose store is suspended, set by the chart.
pub const SUSPENDED: &str = "urumi.dev/suspended";
/// Annotation of a store's Deployment, set by the chart: `wordpress` or `woocommerce`.
pub const SHOP: &str = "urumi.dev/shop";
/// On the web pods' Deployment, by the chart: how many pods its autoscaler asks for at
/// least. Until it has, the Deployment has one.
pub const MIN_REPLICAS: &str = "urumi.dev/min-replicas";
/// Label of everything of a chart: its name and version.
pub const CHART: &str = "helm.sh/chart";

/// Annotation of a Lease: the highest generation that was seen.
pub const GENERATION: &str = "urumi.dev/generation";
/// Annotation of a Lease: the generation that its holder works on.
pub const HOLDER_GENERATION: &str = "urumi.dev/holder-generation";
/// Annotation of a Lease: the try it is held for, and how often it was before.
pub const TURN: &str = "urumi.dev/turn";
/// Annotation of a Lease: the last settled try, as JSON.
pub const SETTLED: &str = "urumi.dev/settled";
/// Annotation of a Lease whose store is gone: when it may be removed.
pub const TOMBSTONE_UNTIL: &str = "urumi.dev/tombstone-until";

/// Pod Security admission, in its three modes.
pub const POD_SECURITY: [&str; 3] = [
    "pod-security.kubernetes.io/enforce",
    "pod-security.kubernetes.io/warn",
    "pod-security.kubernetes.io/audit",
];
