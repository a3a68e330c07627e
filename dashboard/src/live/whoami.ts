// Who looks at the page, and so which buttons make sense. The api decides for
// itself; this only spares people what it would refuse.
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Whoami } from "../api/types";
import { useLook } from "./look";

const WHOAMI_MS = 60_000;

/** Who we are; an error with status 401 while nobody is logged in. */
export function useWhoami() {
  return useLook<Whoami>("whoami", "/whoami", () => WHOAMI_MS);
}

export const Me = createContext<Whoami | undefined>(undefined);

/** What may be asked for; nothing while it is not known who asks. */
export function useMay() {
  const me = useContext(Me);
  return {
    change: me !== undefined && me.role !== "viewer",
    giveKeys: me?.role === "admin",
    runPlatform: me?.runs_platform === true,
  };
}
