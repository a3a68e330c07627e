// A login: a key goes in once, and the browser keeps a cookie that no script reads.
import { ask } from "./client";
import { Problem } from "./problem";

export function logIn(key: string): Promise<unknown> {
  return ask("/session", { method: "POST", body: { key } });
}

export function logOut(): Promise<unknown> {
  return ask("/session", { method: "DELETE" });
}

/** Whether an error says that somebody has to log in (again). */
export function needsLogin(error: unknown): boolean {
  return error instanceof Problem && error.status === 401;
}
