// Why no worker is at an open operation, and when the next one tries.
import type { PutOff } from "../api/types";
import { elapsed } from "../format/time";
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
