// Says that what is shown may be old, for as long as the api does not answer.
import { Problem, Unreachable } from "../api/problem";
import { timeOfDay } from "../format/time";
import { words } from "../words";
import { Alert } from "./icons";

interface Props {
  /** Why the last look failed; `null` while all is well. */
  error: Error | null;
  /** When the last good look was, in milliseconds since the epoch; 0 for never. */
  seenAt: number;
}

export function ConnectionBanner({ error, seenAt }: Props) {
  return (
    <div role="status">
      {error && (
        <div class="banner tone-warn">
          <Alert />
          <p>
            <strong>
              {error instanceof Unreachable ? error.message : words.connection.troubled}
            </strong>{" "}
            {error instanceof Problem && `${error.message} `}
            {seenAt > 0 && words.connection.stale(timeOfDay(seenAt))} {words.connection.again}
          </p>
        </div>
      )}
    </div>
  );
}
