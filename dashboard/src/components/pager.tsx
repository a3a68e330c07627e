// Goes from one page of a list to the next, by the cursors the api gave.
import { words } from "../words";

interface Props {
  newer: string | null | undefined;
  older: string | null | undefined;
  onGo: (cursor: string) => void;
}

export function Pager({ newer, older, onGo }: Props) {
  if (!newer && !older) {
    return null;
  }
  return (
    <nav class="pager" aria-label={words.stores.pages}>
      <button type="button" disabled={!newer} onClick={() => newer && onGo(newer)}>
        {words.stores.newer}
      </button>
      <button type="button" disabled={!older} onClick={() => older && onGo(older)}>
        {words.stores.older}
      </button>
    </nav>
  );
}
