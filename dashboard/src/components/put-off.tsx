// Why no worker is at an open operation: it was put off, and when the next one tries;
// or it is held back, and until when it can be undone.
import type { PutOff } from "../api/types";
import { elapsed, exact } from "../format/time";
import { words } from "../words";

export function PutOffNote({ waiting, now }: { waiting: PutOff; now: number }) {
  const left = waiting.until ? Date.parse(waiting.until) - now : 0;
  return (
    <p class="put-off">
      <strong>{words.putOff.now}</strong> {waiting.message}{" "}
      {waiting.until && (left > 0 ? words.putOff.next(elapsed(left)) : words.putOff.soon)}
    </p>
  );
}

export function HeldNote({ until }: { until: string }) {
  return (
    <p class="put-off">
      <strong>{words.held.title}</strong> {words.held.text(exact(until))}
    </p>
  );
}
