// Whether a Ready store serves now: a sign beside its status, and the reasons in
// words. Shape, colour and word say the same.
import type { ComponentType } from "preact";
import { useId } from "preact/hooks";
import type { Health, HealthReason, HealthView } from "../api/types";
import { ago } from "../format/time";
import { say, words } from "../words";
import { Alert, Check, Ring } from "./icons";

const LOOK: Record<Health, { tone: string; Sign: ComponentType }> = {
  Unknown: { tone: "calm", Sign: Ring },
  Healthy: { tone: "good", Sign: Check },
  Degraded: { tone: "warn", Sign: Alert },
};

const lookOf = (status: Health) => (Object.hasOwn(LOOK, status) ? LOOK[status] : LOOK.Unknown);

export function HealthBadge({ status }: { status: Health }) {
  const { tone, Sign } = lookOf(status);
  return (
    <span class={`badge tone-${tone}`}>
      <Sign />
      {say(words.health, status)}
    </span>
  );
}

/** The first reason in a line, and how many more there are. */
export function HealthLine({ health: { status, reasons } }: { health: HealthView }) {
  const [first, ...more] = reasons;
  return first ? (
    <p class={status === "Degraded" ? "status-line warn" : "status-line"}>
      {sentence(first)}
      {more.length > 0 && ` ${words.healthMore(more.length)}`}
    </p>
  ) : null;
}

/** Every reason, with its object and its stable code. */
export function HealthNote({ health: { status, reasons } }: { health: HealthView }) {
  const headingId = useId();
  return (
    <section class={`failure tone-${lookOf(status).tone}`} aria-labelledby={headingId}>
      <h2 id={headingId}>{say(words.health, status)}</h2>
      <ul class="reasons">
        {reasons.map((reason) => (
          <li key={`${reason.code} ${reason.object} ${reason.message}`} class="cause">
            {sentence(reason)}
            <span class="fine">
              {reason.object && <code>{reason.object}</code>} <code>{reason.code}</code>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** When it was looked at; it is asked again every few seconds by the platform. */
export function lookedAt({ looked_at }: HealthView, now: number): string {
  return looked_at ? words.lookedAt(ago(looked_at, now)) : words.notLookedAt;
}

function sentence({ code, message }: HealthReason): string {
  return Object.hasOwn(words.fault, code)
    ? `${say<string>(words.fault, code)}: ${message}`
    : message || code;
}
