// An operation's steps as they happen: state, duration, and a bar that shows
// where in the whole the time went.
import type { ComponentType } from "preact";
import type { OperationView } from "../api/types";
import { duration, elapsed } from "../format/time";
import { type StepLine, type StepState, timeline } from "../store/progress";
import type { Typical } from "../store/typical";
import { say, words } from "../words";
import { Check, Cross, Cut, Pause, Ring, Spinner } from "./icons";

const SIGN: Record<StepState, ComponentType> = {
  done: Check,
  running: Spinner,
  failed: Cross,
  interrupted: Cut,
  stopped: Pause,
  pending: Ring,
};

interface Props {
  operation: OperationView;
  now: number;
  /** How long its steps usually take, where that is known. */
  usual?: Typical | undefined;
}

export function StepTimeline({ operation, now, usual }: Props) {
  const lines = timeline(operation, now);
  const tries = new Set(lines.map(({ attempt }) => attempt)).size;
  return (
    <ol class="steps">
      {lines.map((line, index) => (
        <Line
          key={`${line.attempt} ${line.step} ${index}`}
          line={line}
          usualMs={usual?.get(line.step)}
          title={tries > 1 && line.attempt !== lines[index - 1]?.attempt}
        />
      ))}
    </ol>
  );
}

interface LineProps {
  line: StepLine;
  usualMs: number | undefined;
  title: boolean;
}

function Line({ line, usualMs, title }: LineProps) {
  const Sign = SIGN[line.state];
  return (
    <li class={`step step-${line.state}`}>
      {title && <h3>{words.detail.attempt(line.attempt)}</h3>}
      <div class="step-line">
        <Sign />
        <span class="step-name">
          {say(words.step, line.step)}
          <span class="unseen"> ({words.stepState[line.state]})</span>
        </span>
        <svg class="bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
          <rect class="bar-track" width="100" height="4" />
          <rect class="bar-part" x={line.offsetPercent} width={line.widthPercent} height="4" />
        </svg>
        <span class="step-time">
          {took(line)}
          {usualMs !== undefined && (
            <span class="step-usual"> {words.store.usually(duration(usualMs))}</span>
          )}
        </span>
      </div>
      {line.state === "interrupted" && <p class="step-waiting">{words.interrupted}</p>}
      {line.waiting && (
        <p class="step-waiting">
          {line.waiting.message} {line.waiting.next_action}
        </p>
      )}
    </li>
  );
}

function took({ durationMs, state }: StepLine): string {
  if (durationMs === undefined) {
    return "";
  }
  return state === "running" ? elapsed(durationMs) : duration(durationMs);
}
