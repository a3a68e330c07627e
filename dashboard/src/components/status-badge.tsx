// A store's status as a small sign: shape, colour and word say the same.
import type { ComponentType } from "preact";
import type { StoreStatus } from "../api/types";
import { say, words } from "../words";
import { Alert, Check, Clock, Cross, Pause, Ring, Spinner } from "./icons";

type Tone = "good" | "busy" | "bad" | "calm";

const LOOK: Record<StoreStatus, { tone: Tone; Sign: ComponentType }> = {
  Queued: { tone: "calm", Sign: Clock },
  Provisioning: { tone: "busy", Sign: Spinner },
  Ready: { tone: "good", Sign: Check },
  Failed: { tone: "bad", Sign: Cross },
  Updating: { tone: "busy", Sign: Spinner },
  Suspended: { tone: "calm", Sign: Pause },
  Deleting: { tone: "busy", Sign: Spinner },
  Deleted: { tone: "calm", Sign: Ring },
  DeleteFailed: { tone: "bad", Sign: Alert },
};
const UNKNOWN = { tone: "calm", Sign: Ring } as const;

export function StatusBadge({ status }: { status: StoreStatus }) {
  const { tone, Sign } = Object.hasOwn(LOOK, status) ? LOOK[status] : UNKNOWN;
  return (
    <span class={`badge tone-${tone}`}>
      <Sign />
      {say(words.status, status)}
    </span>
  );
}
