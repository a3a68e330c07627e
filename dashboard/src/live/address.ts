// The page's own address: which page, and its parameters (filters, the page of
// a list), so that a reload or a shared link shows the same.
import { useEffect, useState } from "preact/hooks";

const CHANGED = "urumi:address";

const here = () => location.pathname + location.search;

let gone = false;
/** Whether somebody went from page to page since this one was loaded. */
export const hasGone = () => gone;

/** Goes to another address of the dashboard without loading it anew. */
export function go(href: string, how: "push" | "replace" = "push"): void {
  if (href !== here()) {
    gone = true;
    history[how === "push" ? "pushState" : "replaceState"](null, "", href);
    dispatchEvent(new Event(CHANGED));
  }
}

/** The present path and parameters, renewed as they change. */
export function useAddress(): URL {
  const [address, setAddress] = useState(here);
  useEffect(() => {
    const renew = () => setAddress(here());
    renew();
    addEventListener("popstate", renew);
    addEventListener(CHANGED, renew);
    return () => {
      removeEventListener("popstate", renew);
      removeEventListener(CHANGED, renew);
    };
  }, []);
  return new URL(address, location.origin);
}

/** The parameters of the address, and how to change some; `undefined` takes one out. */
export function useParams(): [
  URLSearchParams,
  (change: Record<string, string | undefined>, how?: "push" | "replace") => void,
] {
  const { searchParams } = useAddress();
  const change = (wanted: Record<string, string | undefined>, how: "push" | "replace" = "push") => {
    const url = new URL(location.href);
    for (const [name, value] of Object.entries(wanted)) {
      if (value) {
        url.searchParams.set(name, value);
      } else {
        url.searchParams.delete(name);
      }
    }
    go(url.pathname + url.search, how);
  };
  return [searchParams, change];
}
