// What a newcomer sees: the first step, by button and by command.
import { words } from "../words";
import { CopyLine } from "./copy-line";
import { Plus } from "./icons";

export function EmptyState({ onCreate }: { onCreate: () => void }) {
  return (
    <div class="empty">
      <h2>{words.empty.title}</h2>
      <p>{words.empty.text}</p>
      <button type="button" class="primary" onClick={onCreate}>
        <Plus />
        {words.stores.create}
      </button>
      <p class="fine">{words.empty.or}</p>
      <CopyLine command={`curl -X POST ${location.origin}/stores`} label={words.empty.or} />
    </div>
  );
}
