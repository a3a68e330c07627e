// What stands around every page: the way to the others, and who looks at them.
import type { Whoami } from "../api/types";
import { addresses, type Route } from "../route";
import { words } from "../words";
import { Mark } from "./icons";
import { Link } from "./link";
import { Preferences } from "./preferences";

interface Props {
  me: Whoami | undefined;
  route: Route;
  onPreference: () => void;
  onProblem: (title: string, error: unknown) => void;
}

export function Frame({ me, route, onPreference, onProblem }: Props) {
  const page = route.page === "store" ? "stores" : route.page;
  return (
    <header class="top">
      <button
        type="button"
        class="skip"
        onClick={() => document.querySelector<HTMLElement>("main h1")?.focus()}
      >
        {words.frame.skip}
      </button>
      <div class="top-line">
        <Link class="brand" href={addresses.overview}>
          <Mark />
          {words.product}
        </Link>
        {me && (
          <nav class="pages" aria-label={words.frame.pages}>
            {pagesFor(me).map(({ name, label }) => (
              <Link
                key={name}
                href={addresses[name]}
                aria-current={name === page ? "page" : undefined}
              >
                {label}
              </Link>
            ))}
          </nav>
        )}
        <Preferences me={me} onPreference={onPreference} onProblem={onProblem} />
      </div>
    </header>
  );
}

function pagesFor({ role, runs_platform }: Whoami) {
  const { overview, stores, audit, letters, access, keys } = words.frame;
  const all: { name: keyof typeof addresses; label: string; shown: boolean }[] = [
    { name: "overview", label: overview, shown: true },
    { name: "stores", label: stores, shown: true },
    { name: "audit", label: audit, shown: true },
    { name: "letters", label: letters, shown: runs_platform },
    { name: "access", label: runs_platform ? access : keys, shown: role === "admin" },
  ];
  return all.filter(({ shown }) => shown);
}
