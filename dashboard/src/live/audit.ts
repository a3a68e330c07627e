// The audit and the proof that nobody changed it.
import { ask } from "../api/client";
import type { AuditPage, Verification } from "../api/types";
import { withParams } from "../route";
import { type Look, useLook } from "./look";

export interface AuditWish {
  storeId?: string | undefined;
  cursor?: string | undefined;
}

export function useAudit({ storeId, cursor }: AuditWish): Look<AuditPage> {
  return useLook<AuditPage>(
    "audit",
    withParams("/stores/audit/logs", { store_id: storeId, limit: "50", cursor }),
  );
}

/** Walks the chain, part by part, to its head or to the first row that does not fit. */
export async function verifyChain(): Promise<Verification> {
  let rows = 0;
  let from: Record<string, string> = {};
  for (;;) {
    const part = await ask<Verification>(withParams("/audit/verify", from));
    rows += part.rows;
    if (part.complete || !part.valid || part.rows === 0) {
      return { ...part, rows };
    }
    from = { from_seq: String(part.checked_to.seq), from_hash: part.checked_to.hash };
  }
}
