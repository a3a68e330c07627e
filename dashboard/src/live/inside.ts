// What the cluster says of a store's inside at the moment: pods, volumes, what it
// takes of its plan, and its logs.
import type { Inside, Logs } from "../api/types";
import { withParams } from "../route";
import { type Look, useLook } from "./look";

/** The cluster is asked itself, so not often. */
const LOOK_MS = 10_000;

export function useInside(id: string): Look<Inside> {
  return useLook<Inside>("inside", `/stores/${id}/pods`, () => LOOK_MS);
}

/** Which container's lines; `previous`: of the run before the last start. */
export interface LogWish {
  pod: string;
  container: string;
  previous: boolean;
}

export function useLogs(id: string, wish: LogWish | undefined): Look<Logs> {
  const path = wish && {
    pod: wish.pod,
    container: wish.container,
    previous: wish.previous ? "true" : undefined,
  };
  return useLook<Logs>("inside", path && withParams(`/stores/${id}/logs`, path), () => LOOK_MS);
}
