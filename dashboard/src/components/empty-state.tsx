// What a newcomer sees: the first step, by button and by command.
import type { ComponentChildren } from "preact";
import { words } from "../words";
import { CopyLine } from "./copy-line";
import { Nothing } from "./page";

export function EmptyState({ button }: { button: ComponentChildren }) {
  return (
    <Nothing title={words.empty.title} text={words.empty.text}>
      {button}
      <p class="fine">{words.empty.or}</p>
      <CopyLine command={`curl -X POST ${location.origin}/stores`} label={words.empty.or} />
      <CopyLine command="urumi store create --wait" label={words.commands.cli} />
    </Nothing>
  );
}
