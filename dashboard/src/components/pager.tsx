// Goes from one page of a list to the next, by the cursors the api gave.
import { words } from "../words";

interface Props {
  page: { prev_cursor?: string | null; next_cursor?: string | null } | undefined;
  onGo: (cursor: string) => void;
}

export function Pager({ page, onGo }: Props) {
  const { prev_cursor: earlier, next_cursor: later } = page ?? {};
  if (!earlier && !later) {
    return null;
  }
  return (
    <nav class="pager" aria-label={words.pager.label}>
      <button type="button" disabled={!earlier} onClick={() => earlier && onGo(earlier)}>
        {words.pager.earlier}
      </button>
      <button type="button" disabled={!later} onClick={() => later && onGo(later)}>
        {words.pager.later}
      </button>
    </nav>
  );
}
