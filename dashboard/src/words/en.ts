// English: the frame, stores and dialogs. A second language is a second object
// of the same type. No markup, no logic beyond putting a value into a sentence.
import type { OperationKind } from "../api/types";
import { enPages } from "./en-pages";
import { enWire } from "./en-wire";

export const en = {
  ...enWire,
  ...enPages,

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
    text: "Its shop, database and files are removed for good: at once, or after the time for which this platform keeps deleted stores. Its page then says until when it can be undone. The record and its audit stay.",
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
      Delete: "Keeps the store: nothing of it is removed",
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
    progress: "Progress",
    facts: "Facts",
    id: "Id",
    address: "Address",
    health: "Health",
    plan: "Plan",
    shop: "Shop",
    plainWordPress: "none: a plain WordPress",
    created: "Created",
    ready: "First ready",
    readyAfter: (time: string) => `after ${time}`,
    attempt: (count: number) => `Attempt ${count}`,
    noOperation: "No operation is known for this store.",
  },

  failure: {
    cause: "Cause",
    next: "What to do",
    evidence: "Evidence",
    tryingAgain: "The last attempt failed; the platform tries again.",
    seenNow: "Seen while waiting; it may still pass.",
    asBefore: "The change came to nothing; the store is as it was before.",
  },
};
