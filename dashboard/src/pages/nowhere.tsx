// An address that means no page.

import { Link } from "../components/link";
import { Nothing, Page } from "../components/page";
import { addresses } from "../route";
import { words } from "../words";

export function NowherePage() {
  return (
    <Page title={words.nowhere.title} looks={[]}>
      <Nothing title={words.nowhere.title} text={words.nowhere.text}>
        <Link href={addresses.overview}>{words.nowhere.back}</Link>
      </Nothing>
    </Page>
  );
}
