// What the page's own address holds (which store is open, which page of the
// list), so that a reload or a shared link shows the same.
import { useEffect, useState } from "preact/hooks";

const CHANGED = "urumi:address";

const read = (name: string) => new URLSearchParams(location.search).get(name) ?? undefined;

/** A parameter of the address and how to set it; `undefined` takes it out. */
export function useAddressParam(
  name: string,
  how: "push" | "replace",
): [string | undefined, (value: string | undefined) => void] {
  const [value, setValue] = useState(() => read(name));

  useEffect(() => {
    const renew = () => setValue(read(name));
    addEventListener("popstate", renew);
    addEventListener(CHANGED, renew);
    return () => {
      removeEventListener("popstate", renew);
      removeEventListener(CHANGED, renew);
    };
  }, [name]);

  const set = (next: string | undefined) => {
    if (next === read(name)) {
      return;
    }
    const url = new URL(location.href);
    if (next === undefined) {
      url.searchParams.delete(name);
    } else {
      url.searchParams.set(name, next);
    }
    history[how === "push" ? "pushState" : "replaceState"](null, "", url);
    dispatchEvent(new Event(CHANGED));
  };
  return [value, set];
}
