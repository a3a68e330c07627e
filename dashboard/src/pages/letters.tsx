// Messages that nobody could use: why, and another try.
import { useState } from "preact/hooks";
import { replayLetter } from "../api/access";
import type { DeadLetter, DeadLetterPage } from "../api/types";
import { Commands } from "../components/commands";
import { Again } from "../components/icons";
import { type AddNotice, Nothing, Page, useNotices } from "../components/page";
import { Pager } from "../components/pager";
import { ago, exact } from "../format/time";
import { useParams } from "../live/address";
import { useNow } from "../live/clock";
import { useDeed, useLook } from "../live/look";
import { withParams } from "../route";
import { words } from "../words";

export function LettersPage() {
  const [params, setParams] = useParams();
  const { notices, addNotice } = useNotices();
  const now = useNow(10_000);
  const { data, error, seenAt } = useLook<DeadLetterPage>(
    "letters",
    withParams("/dead-letters", { limit: "20", cursor: params.get("cursor") ?? undefined }),
  );
  return (
    <Page title={words.letters.title} intro={words.letters.text} looks={[{ error, seenAt }]}>
      {notices}
      {data && data.items.length === 0 && (
        <Nothing title={words.letters.none} text={words.letters.noneText} />
      )}
      <ul class="letters">
        {data?.items.map((letter) => (
          <Letter key={letter.id} letter={letter} now={now} onProblem={addNotice} />
        ))}
      </ul>
      <Pager page={data} onGo={(cursor) => setParams({ cursor })} />
      <Commands
        commands={[
          { title: words.letters.title, path: "/dead-letters", cli: "dead-letter list" },
          {
            title: words.letters.replay,
            args: "-X POST",
            path: "/dead-letters/$LETTER/replay",
            cli: "dead-letter replay $LETTER",
          },
        ]}
      />
    </Page>
  );
}

interface Props {
  letter: DeadLetter;
  now: number;
  onProblem: AddNotice;
}

function Letter({ letter, now, onProblem }: Props) {
  const { id, queue, reason, received_at, replayed_at, excerpt } = letter;
  return (
    <li class="card letter">
      <div class="letter-head">
        <h2>
          <code>{queue}</code>
        </h2>
        <time class="fine" dateTime={received_at} title={exact(received_at)}>
          {words.letters.received} {ago(received_at, now)}
        </time>
        {replayed_at ? (
          <span class="fine">{words.letters.replayed(ago(replayed_at, now))}</span>
        ) : (
          <Replay id={id} onProblem={onProblem} />
        )}
      </div>
      <p class="cause">{reason}</p>
      <details>
        <summary>{words.letters.excerpt}</summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard */}
        <pre tabIndex={0}>{excerpt}</pre>
      </details>
      <p class="fine">
        <code>{id}</code>
      </p>
    </li>
  );
}

function Replay({ id, onProblem }: { id: string; onProblem: AddNotice }) {
  const replaying = useDeed("letters", replayLetter);
  const [busy, setBusy] = useState(false);
  const press = async () => {
    if (busy) {
      return;
    }
    setBusy(true);
    try {
      await replaying.ask(id);
    } catch (error) {
      onProblem(words.letters.failed, error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <button
      type="button"
      aria-label={words.letters.replayOf(id)}
      aria-disabled={busy}
      onClick={press}
    >
      <Again />
      {busy ? words.letters.replaying : words.letters.replay}
    </button>
  );
}
