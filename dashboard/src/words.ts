// Every word the page says, in one place: a second language is a second object
// of the same type. No markup, no logic beyond putting a value into a sentence.
import type { Health, OperationKind, OperationStatus, Step, StoreStatus } from "./api/types";

export const words = {
  product: "Urumi",
  dismiss: "Dismiss",
  close: "Cancel",
  copy: "Copy",
  copied: "Copied",
  requestId: "Request id",

  login: {
    title: "Log in",
    label: "API key",
    hint: "An admin of your tenant gives keys out; the first one is made with “urumi-api key”.",
    submit: "Log in",
    busy: "Logging in…",
    failed: "You are not logged in",
  },

  stores: {
    title: "Stores",
    create: "New store",
    loading: "Loading stores…",
    pages: "Pages of stores",
    newer: "Newer",
    older: "Older",
    column: {
      name: "Store",
      status: "Status",
      address: "Address",
      created: "Created",
      actions: "Actions",
    },
    remove: "Delete",
    removeNamed: (name: string) => `Delete ${name}`,
    opensInNewTab: "opens in a new tab",
    notYetOpen: "Opens once the store is Ready",
    titleMoving: (count: number) => `(${count}) Stores · Urumi`,
    titleCalm: "Stores · Urumi",
    nowIs: (name: string, status: string) => `${name} is now ${status}.`,
    gone: (name: string) => `${name} is deleted.`,
  },

  empty: {
    title: "Create your first store",
    text: "Each store is a WordPress shop of its own, with its own database and address. You can watch every step until it opens, usually within a minute.",
    or: "or from a terminal",
  },

  create: {
    title: "New store",
    label: "Name",
    hint: "Shown in the shop and in this list. Up to 60 characters; left empty it becomes “My Store”.",
    tooLong: (count: number) => `Use at most 60 characters; this has ${count}.`,
    submit: "Create store",
    busy: "Creating…",
    failed: "The store was not created",
  },

  remove: {
    title: "Delete this store?",
    text: "Its shop, database and files are removed for good. The record and its audit stay.",
    typeBefore: "Type",
    typeAfter: "to confirm",
    orId: "or",
    submit: "Delete store",
    busy: "Deleting…",
    failed: (name: string) => `“${name}” was not deleted`,
  },

  retry: {
    label: "Retry",
    named: (name: string) => `Retry ${name}`,
    busy: "Retrying…",
    failed: (name: string) => `“${name}” was not retried`,
    hint: {
      Create: "Makes the store anew",
      Update: "Tries the same update once more",
      Rollback: "Tries once more to go back",
      Delete: "Tries once more to remove it",
    } as Partial<Record<OperationKind, string>>,
  },

  cancel: {
    label: "Cancel",
    named: (name: string) => `Cancel what is being done to ${name}`,
    busy: "Cancelling…",
    failed: (name: string) => `“${name}” was not cancelled`,
    hint: {
      Create: "Stops making it; it can be retried",
      Update: "Stops the update and goes back to what it was",
    } as Partial<Record<OperationKind, string>>,
  },

  connection: {
    troubled: "The API answers with an error.",
    stale: (time: string) => `Shown is what was known at ${time}.`,
    again: "Trying again every 2 seconds.",
  },

  problem: {
    untitled: "The request failed",
    unexplained: (status: number) => `The API answered with status ${status} and no explanation.`,
    gateway: (status: number) => `Something in front of the API answered with status ${status}.`,
    noAnswer: "The API does not answer. “make status” tells whether it runs.",
    slow: (seconds: number) => `No answer within ${seconds} seconds.`,
    unknown: "Something unexpected went wrong in this page.",
  },

  detail: {
    label: (name: string) => `Details of ${name}`,
    progress: "Progress",
    facts: "Facts",
    id: "Id",
    address: "Address",
    health: "Health",
    plan: "Plan",
    created: "Created",
    ready: "First ready",
    readyAfter: (time: string) => `after ${time}`,
    attempt: (count: number) => `Attempt ${count}`,
    noOperation: "No operation is known for this store.",
    asCurl: "The same from a terminal",
  },

  failure: {
    cause: "Cause",
    next: "What to do",
    evidence: "Evidence",
    tryingAgain: "The last attempt failed; the platform tries again.",
    seenNow: "Seen while waiting; it may still pass.",
    asBefore: "The change came to nothing; the store is as it was before.",
  },

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
};

/** The word for a key of the wire, or the key itself when it is newer than this page. */
export function say<Key extends string>(dictionary: Record<Key, string>, key: Key): string {
  return Object.hasOwn(dictionary, key) ? dictionary[key] : key;
}
