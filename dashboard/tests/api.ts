// An api for page tests: answers `fetch` from a table of functions and keeps
// what was asked.
import { vi } from "vitest";
import type { Whoami } from "../src/api/types";

export interface Asked {
  method: string;
  path: string;
  body: unknown;
  headers: Headers;
}

export type Answer = () => Response | Promise<Response>;

export function json(status: number, body: unknown, headers: HeadersInit = {}): Response {
  return new Response(body === undefined ? null : JSON.stringify(body), { status, headers });
}

export const admin: Whoami = {
  actor: "local",
  role: "admin",
  runs_platform: true,
  means: "local",
  tenant: { id: "0193a0aa-0000-7000-8000-000000000009", name: "local" },
};

/** Answers by "METHOD /path", to an admin unless told otherwise; returns what was asked so far. */
export function serve(answers: Record<string, Answer>): Asked[] {
  const asked: Asked[] = [];
  vi.stubGlobal("fetch", async (path: string, init: RequestInit = {}) => {
    const method = init.method ?? "GET";
    asked.push({
      method,
      path,
      body: typeof init.body === "string" ? JSON.parse(init.body) : undefined,
      headers: new Headers(init.headers),
    });
    const answer =
      answers[`${method} ${path}`] ?? (path === "/whoami" ? () => json(200, admin) : undefined);
    return answer ? answer() : json(404, { title: "Not Found", detail: `no answer for ${path}` });
  });
  return asked;
}
