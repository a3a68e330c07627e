// The shapes that the api answers with, under the names the dashboard uses.
// Nothing is added here that the wire does not carry.

export interface Evidence {
  kind: string;
  object: string;
  text: string;
}

export interface Failure {
  code: string;
  message: string;
  next_action: string;
  retryable: boolean;
  step?: string | null;
  evidence?: Evidence[];
}

export interface Waiting {
  message: string;
  code?: string | null;
  next_action?: string | null;
}

export interface StepView {
  step: string;
  attempt: number;
  outcome: string;
  started_at?: string | null;
  finished_at?: string | null;
  duration_ms?: number | null;
  waiting?: Waiting | null;
}

export interface OperationView {
  id: string;
  kind: string;
  status: string;
  attempt: number;
  created_at: string;
  started_at?: string | null;
  finished_at?: string | null;
  failure?: Failure | null;
  steps: StepView[];
}

export interface StoreView {
  id: string;
  name: string;
  status: string;
  plan: string;
  host: string;
  url?: string | null;
  created_at: string;
  ready_at?: string | null;
  failure?: Failure | null;
  operation?: OperationView | null;
}

export interface StorePage {
  items: StoreView[];
  next_cursor?: string | null;
  prev_cursor?: string | null;
}
