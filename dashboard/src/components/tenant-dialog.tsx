// Asks for a new tenant, or for other limits of one that is there.
import { useId, useState } from "preact/hooks";
import { createTenant, limitTenant } from "../api/access";
import type { Tenant } from "../api/types";
import { useDeed } from "../live/look";
import { words } from "../words";
import { Dialog } from "./dialog";
import type { AddNotice } from "./page";
import { ProblemNote } from "./problem-note";
import { useSubmission } from "./submission";

interface Props {
  /** The one to limit; a new one without it. */
  tenant: Tenant | undefined;
  onClose: () => void;
  onLateProblem: AddNotice;
}

interface Form {
  name: string;
  stores: string;
  operations: string;
}

export function TenantDialog({ tenant, onClose, onLateProblem }: Props) {
  const fieldId = useId();
  const [form, setForm] = useState<Form>({
    name: "",
    stores: written(tenant?.limits.max_stores),
    operations: written(tenant?.limits.max_operations),
  });
  const creating = useDeed("access", createTenant);
  const limiting = useDeed("access", limitTenant);
  const limits = { max_stores: read(form.stores), max_operations: read(form.operations) };
  const name = form.name.trim();
  const isReady = tenant !== undefined || name !== "";
  const failed = tenant ? words.access.limitsFailed : words.access.tenantFailed;
  const { busy, problem, dismiss, submit } = useSubmission({
    send: isReady
      ? () => (tenant ? limiting.ask({ id: tenant.id, limits }) : creating.ask({ name, ...limits }))
      : undefined,
    onDone: onClose,
    onLateProblem: (error) => onLateProblem(failed, error),
  });
  const title = tenant ? words.access.limitsOf(tenant.name) : words.access.newTenant;
  const edit = (part: Partial<Form>) => setForm({ ...form, ...part });

  return (
    <Dialog title={<bdi>{title}</bdi>} onClose={onClose}>
      <form onSubmit={submit}>
        {problem !== undefined && (
          <ProblemNote title={failed} error={problem} onDismiss={dismiss} />
        )}
        {!tenant && (
          <div class="field">
            <label for={`${fieldId}-name`}>{words.access.tenant}</label>
            <input
              id={`${fieldId}-name`}
              autocomplete="off"
              autocapitalize="off"
              spellcheck={false}
              aria-describedby={`${fieldId}-name-hint`}
              value={form.name}
              onInput={({ currentTarget }) => edit({ name: currentTarget.value })}
            />
            <p id={`${fieldId}-name-hint`} class="fine">
              {words.access.tenantHint}
            </p>
          </div>
        )}
        <Limit
          label={words.access.maxStores}
          value={form.stores}
          onEdit={(stores) => edit({ stores })}
        />
        <Limit
          label={words.access.maxOperations}
          value={form.operations}
          onEdit={(operations) => edit({ operations })}
        />
        <div class="buttons">
          <button type="button" onClick={onClose}>
            {words.close}
          </button>
          <button type="submit" class="primary" disabled={!isReady} aria-disabled={busy}>
            {tenant ? words.access.save : words.access.createTenant}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

interface LimitProps {
  label: string;
  value: string;
  onEdit: (value: string) => void;
}

function Limit({ label, value, onEdit }: LimitProps) {
  const fieldId = useId();
  return (
    <div class="field">
      <label for={fieldId}>{label}</label>
      <input
        id={fieldId}
        type="number"
        min={0}
        aria-describedby={`${fieldId}-hint`}
        value={value}
        onInput={({ currentTarget }) => onEdit(currentTarget.value)}
      />
      <p id={`${fieldId}-hint`} class="fine">
        {words.access.limitHint}
      </p>
    </div>
  );
}

const written = (limit: number | null | undefined) => (typeof limit === "number" ? `${limit}` : "");
const read = (text: string) => (text.trim() === "" ? null : Number(text));
