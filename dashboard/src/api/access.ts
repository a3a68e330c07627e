// The changes about keys, tenants and dead letters, one function each.
import { ask } from "./client";
import type { DeadLetter, Key, Limits, NewKey, NewTenant, Tenant } from "./types";

/** The answer holds the whole key: this once and never again. */
export function createKey(body: NewKey): Promise<Key> {
  return ask<Key>("/keys", { method: "POST", body });
}

export function revokeKey(id: string): Promise<unknown> {
  return ask(`/keys/${encodeURIComponent(id)}`, { method: "DELETE" });
}

export function createTenant(body: NewTenant): Promise<Tenant> {
  return ask<Tenant>("/tenants", { method: "POST", body });
}

export function limitTenant({ id, limits }: { id: string; limits: Limits }): Promise<Tenant> {
  return ask<Tenant>(`/tenants/${encodeURIComponent(id)}`, { method: "PATCH", body: limits });
}

export function replayLetter(id: string): Promise<DeadLetter> {
  return ask<DeadLetter>(`/dead-letters/${encodeURIComponent(id)}/replay`, { method: "POST" });
}
