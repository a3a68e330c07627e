// What the page of a store shows and offers, as commands for a terminal.
import type { StoreView } from "../api/types";
import type { Section } from "../route";
import { deedsFor, isRemovable, wishFor } from "../store/wishes";
import { words } from "../words";
import type { Command } from "./commands";

export function storeCommands(store: StoreView, section: Section): Command[] {
  const { id } = store;
  const wish = wishFor(store)?.wish;
  const deeds = deedsFor(store);
  const post = (title: string, what: string): Command => ({
    title,
    args: "-X POST",
    path: `/stores/${id}/${what}`,
    cli: `store ${what} ${id}`,
  });
  return [
    ...shown(id, section),
    ...(wish ? [post(words[wish].label, wish)] : []),
    ...deeds.map((deed) => post(words.deeds[deed], deed)),
    ...(isRemovable(store)
      ? [
          {
            title: words.stores.remove,
            args: "-X DELETE",
            path: `/stores/${id}`,
            cli: `store delete ${id}`,
          },
        ]
      : []),
  ];
}

function shown(id: string, section: Section): Command[] {
  const title = words.store.section[section];
  switch (section) {
    case "inside":
      return [
        { title, path: `/stores/${id}/pods`, cli: `store pods ${id}` },
        { title: words.inside.logs, path: `/stores/${id}/logs`, cli: `store logs ${id}` },
      ];
    case "operations":
      return [{ title, path: `/stores/${id}/operations`, cli: `operation list ${id}` }];
    case "audit":
      return [
        {
          title,
          path: `/stores/audit/logs?store_id=${id}`,
          cli: `audit list --store ${id}`,
        },
      ];
    case "settings":
      return [
        {
          title,
          args: `-X PATCH -H 'Content-Type: application/json' -d '{"plan": "medium"}'`,
          path: `/stores/${id}`,
          cli: `store update ${id} --plan medium`,
        },
      ];
    default:
      return [{ title, path: `/stores/${id}`, cli: `store get ${id}` }];
  }
}
