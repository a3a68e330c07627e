// The one place that talks to the network: same origin, JSON, a deadline, and
// every refusal turned into `Problem` or `Unreachable`. No retries here: the
// page asks again by itself.
import { observeServerDate } from "../live/clock";
import { words } from "../words";
import { problemFrom, Unreachable } from "./problem";

const DEADLINE_MS = 10_000;

export interface Ask {
  method?: "GET" | "POST" | "PATCH" | "DELETE";
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** The tags of answers, for as long as somebody has the answer. */
const tags = new WeakMap<object, string>();

/** What tells the api which state of a record somebody saw, if its answer had that. */
export function tagOf(answer: object): string | undefined {
  return tags.get(answer);
}

/** Asks the api. Resolves to the answer's JSON, or `undefined` when it has no body. */
export async function ask<T>(
  path: string,
  { method = "GET", body, headers, signal }: Ask = {},
): Promise<T> {
  const sentAt = Date.now();
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  try {
    const response = await fetch(path, {
      method,
      cache: "no-store",
      credentials: "same-origin",
      signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
      headers: {
        Accept: "application/json, application/problem+json",
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    observeServerDate(response.headers.get("date"), sentAt, Date.now());
    const answer = parsed(await response.text());
    if (!response.ok) {
      throw problemFrom(response.status, response.statusText, answer);
    }
    remember(answer, response.headers.get("etag"));
    return answer as T;
  } catch (error) {
    if (deadline.aborted) {
      throw new Unreachable(words.problem.slow(DEADLINE_MS / 1000), { cause: error });
    }
    if (error instanceof TypeError) {
      throw new Unreachable(words.problem.noAnswer, { cause: error });
    }
    throw error;
  }
}

/** A weak tag, as a proxy that compresses may make it, never matches: it is none. */
function remember(answer: unknown, tag: string | null): void {
  if (tag?.startsWith('"') && typeof answer === "object" && answer !== null) {
    tags.set(answer, tag);
  }
}

function parsed(text: string): unknown {
  try {
    return text === "" ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
