// An api for page tests: answers `fetch` from a table of functions and keeps
// what was asked.
import { vi } from "vitest";

export interface Asked {
  method: string;
  path: string;
  body: unknown;
  headers: Headers;
}

export type Answer = () => Response | Promise<Response>;

export function json(status: number, body: unknown): Response {
  return new Response(body === undefined ? null : JSON.stringify(body), { status });
}

/** Answers by "METHOD /path"; returns the list of what was asked so far. */
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
    const answer = answers[`${method} ${path}`];
    return answer ? answer() : json(404, { title: "Not Found", detail: `no answer for ${path}` });
  });
  return asked;
}
