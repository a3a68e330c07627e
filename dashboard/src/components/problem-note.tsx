// An error as the api states it (its sentence names the refused fields), or as we
// must, and the request id to give to an operator. It stays until dismissed.
import { Problem, Unreachable } from "../api/problem";
import { words } from "../words";
import { Alert, Cross } from "./icons";

interface Props {
  title: string;
  error: unknown;
  onDismiss: () => void;
}

export function ProblemNote({ title, error, onDismiss }: Props) {
  const problem = error instanceof Problem ? error : undefined;
  return (
    <div class="note tone-bad" role="alert">
      <Alert />
      <div class="note-body">
        <strong>
          <bdi>{title}</bdi>
        </strong>
        <p>{sentence(error)}</p>
        {problem && (problem.code || problem.requestId) && (
          <p class="fine">
            {problem.code && <code>{problem.code}</code>}
            {problem.requestId && (
              <span>
                {words.requestId} <code>{problem.requestId}</code>
              </span>
            )}
          </p>
        )}
      </div>
      <button type="button" class="quiet icon-only" aria-label={words.dismiss} onClick={onDismiss}>
        <Cross />
      </button>
    </div>
  );
}

/** What an error says to a person, in a sentence. */
export function sentence(error: unknown): string {
  if (error instanceof Problem) {
    return error.detail || error.title;
  }
  return error instanceof Unreachable ? error.message : words.problem.unknown;
}
