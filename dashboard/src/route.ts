// Which page an address means, and the address of each page. Pure.

export const SECTIONS = ["progress", "inside", "operations", "audit", "settings"] as const;
export type Section = (typeof SECTIONS)[number];

export type Route =
  | { page: "overview" | "stores" | "audit" | "letters" | "access" | "nowhere" }
  | { page: "store"; id: string; section: Section };

const STORE = /^store-[a-z0-9]{1,32}$/;
/** All pages but the first live under this path; the api serves itself elsewhere. */
const ROOT = "/ui/";

export function routeOf(pathname: string): Route {
  const [first = "", id, section, ...more] = pathname.replace(ROOT, "/").slice(1).split("/");
  if (more.length > 0) {
    return { page: "nowhere" };
  }
  if (first === "stores" && id !== undefined) {
    const known = SECTIONS.find((name) => name === (section ?? "progress"));
    return STORE.test(id) && known ? { page: "store", id, section: known } : { page: "nowhere" };
  }
  if (id !== undefined) {
    return { page: "nowhere" };
  }
  switch (first) {
    case "":
      return { page: "overview" };
    case "stores":
    case "audit":
    case "access":
      return { page: first };
    case "dead-letters":
      return { page: "letters" };
    default:
      return { page: "nowhere" };
  }
}

export const addresses = {
  overview: "/",
  stores: `${ROOT}stores`,
  audit: `${ROOT}audit`,
  letters: `${ROOT}dead-letters`,
  access: `${ROOT}access`,
};

export function storeAddress(id: string, section: Section = "progress"): string {
  return `${addresses.stores}/${id}${section === "progress" ? "" : `/${section}`}`;
}

/** An address with parameters; empty ones are left out. */
export function withParams(path: string, params: Record<string, string | undefined>): string {
  const kept = Object.entries(params).filter((entry): entry is [string, string] => !!entry[1]);
  return kept.length === 0 ? path : `${path}?${new URLSearchParams(kept)}`;
}
