// English for what the api says in codes: statuses, steps, causes, roles.
import type {
  Health,
  KeyStatus,
  OperationKind,
  OperationStatus,
  Role,
  Step,
  StoreStatus,
} from "../api/types";

export const enWire = {
  kind: {
    Create: "Create",
    Update: "Update",
    Rollback: "Roll back",
    Suspend: "Suspend",
    Resume: "Resume",
    Delete: "Delete",
  } satisfies Record<OperationKind, string>,

  outcome: {
    Queued: "waiting for a worker",
    Running: "running",
    Succeeded: "succeeded",
    Failed: "failed",
    Cancelled: "cancelled",
    Superseded: "replaced by a later request",
  } satisfies Record<OperationStatus, string>,

  status: {
    Queued: "Queued",
    Provisioning: "Provisioning",
    Ready: "Ready",
    Failed: "Failed",
    Updating: "Updating",
    Suspended: "Suspended",
    Deleting: "Deleting",
    Deleted: "Deleted",
    DeleteFailed: "Delete failed",
  } satisfies Record<StoreStatus, string>,

  step: {
    Namespace: "Making its namespace",
    Credentials: "Writing its credentials",
    Unlock: "Freeing a locked release",
    Reset: "Clearing a broken first install",
    Release: "Installing the release",
    Rollback: "Returning to the last good release",
    Rollout: "Starting database and shop",
    Storefront: "Checking that the shop answers",
    Purge: "Removing the namespace",
  } satisfies Record<Step, string>,

  stepState: {
    done: "done",
    running: "running",
    failed: "failed",
    interrupted: "interrupted",
    stopped: "stopped",
    pending: "to come",
  },

  interrupted: "Interrupted: its worker stopped before the end. Another one went on from here.",

  waitingForWorker: "Waiting for a worker",

  putOff: {
    now: "On hold.",
    next: (time: string) => `Next try in ${time}.`,
    soon: "Next try at any moment.",
  },

  /** A delete that waits, because this platform keeps deleted stores for a while. */
  held: {
    title: "It can still be undone.",
    text: (time: string) =>
      `Nothing is removed before ${time}; until then, Cancel keeps the store.`,
    until: (time: string) => `Can be undone until ${time}`,
    waits: "can still be undone",
  },

  kindFailed: (kind: string) => `${kind} failed`,

  health: {
    Unknown: "Health unknown",
    Healthy: "Healthy",
    Degraded: "Degraded",
  } satisfies Record<Health, string>,

  healthMore: (count: number) => `(and ${count} more)`,
  lookedAt: (time: string) => `looked at ${time}`,
  notLookedAt: "not looked at yet",

  /** What ails a store, by the reason's code; other reasons speak for themselves. */
  fault: {
    DatabaseNotReady: "The database is not ready",
    WebNotReady: "The shop has no running pod",
    StorefrontUnreachable: "The shop does not answer",
    NamespaceMissing: "Its namespace is missing",
    WorkloadMissing: "A part of it is gone",
    ImagePull: "An image cannot be pulled",
    ImageInvalid: "An image cannot be used",
    Unschedulable: "No node has room for a pod",
    QuotaExceeded: "Its quota is used up",
    PodSecurity: "The cluster's security rules refuse a pod",
    VolumePending: "A volume is not there yet",
    CrashLoop: "A container keeps crashing",
    OutOfMemory: "A container ran out of memory",
    ProbeFailing: "A container does not pass its check",
  },

  role: { viewer: "Viewer", operator: "Operator", admin: "Admin" } satisfies Record<Role, string>,

  keyStatus: {
    Active: "Active",
    Expired: "Expired",
    Revoked: "Revoked",
  } satisfies Record<KeyStatus, string>,
};
