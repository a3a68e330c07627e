// What can come back instead of an answer: a problem the api states
// (application/problem+json), or no api at all. Knows nothing of the page.
import { words } from "../words";

export interface FieldProblem {
  /** Where: a JSON pointer into the body, or a parameter's name. */
  pointer: string;
  detail: string;
}

/** The api answered, and the answer is no. */
export class Problem extends Error {
  override readonly name = "Problem";

  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    readonly code: string | undefined,
    readonly requestId: string | undefined,
    readonly fields: readonly FieldProblem[],
  ) {
    super(detail || title);
  }
}

/** Nobody answered, or only something between us and the api did. */
export class Unreachable extends Error {
  override readonly name = "Unreachable";
}

/** Whether an error says that the record is not any more what was seen of it. */
export function isOutdated(error: unknown): boolean {
  return error instanceof Problem && error.status === 412;
}

const GATEWAY_STATUSES = new Set([502, 503, 504]);

/** Reads a refused answer's body, whatever it is, into the error to throw. */
export function problemFrom(status: number, statusText: string, body: unknown): Error {
  if (!isRecord(body)) {
    if (GATEWAY_STATUSES.has(status)) {
      return new Unreachable(words.problem.gateway(status));
    }
    const title = statusText || words.problem.untitled;
    return new Problem(status, title, words.problem.unexplained(status), undefined, undefined, []);
  }
  return new Problem(
    status,
    text(body.title) ?? words.problem.untitled,
    text(body.detail) ?? words.problem.unexplained(status),
    text(body.code),
    text(body.request_id),
    Array.isArray(body.errors) ? body.errors.flatMap(fieldProblem) : [],
  );
}

function fieldProblem(entry: unknown): FieldProblem[] {
  const pointer = isRecord(entry) ? text(entry.pointer) : undefined;
  const detail = isRecord(entry) ? text(entry.detail) : undefined;
  return pointer !== undefined && detail !== undefined ? [{ pointer, detail }] : [];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
