// The same from a terminal: what the page shows and does, as curl and as CLI.
// Only ids stand in commands, never a tenant's words: those could be hostile.
import { useContext } from "preact/hooks";
import { Me } from "../live/whoami";
import { words } from "../words";
import { CopyLine } from "./copy-line";

export interface Command {
  /** What it does, as the page's button says. */
  title: string;
  /** What is asked, and what `curl` needs beside it: the method, a body. */
  path: string;
  args?: string;
  /** What follows `urumi`; left out where the CLI has no such command. */
  cli?: string;
}

export function Commands({ commands }: { commands: readonly Command[] }) {
  const me = useContext(Me);
  const key = me?.means === "local" ? [] : ['-H "Authorization: Bearer $URUMI_API_KEY"'];
  return (
    <details class="commands">
      <summary>{words.commands.title}</summary>
      <dl>
        {commands.map(({ title, path, args, cli }) => (
          <div key={title}>
            <dt>{title}</dt>
            <dd>
              <CopyLine
                command={["curl", ...(args ? [args] : []), ...key, addressOf(path)].join(" ")}
                label={`${title}, ${words.commands.curl}`}
              />
              {cli && (
                <CopyLine command={`urumi ${cli}`} label={`${title}, ${words.commands.cli}`} />
              )}
            </dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

/** A question mark or an ampersand means something to a shell. */
function addressOf(path: string): string {
  const address = location.origin + path;
  return /[?&]/.test(path) ? `'${address}'` : address;
}
