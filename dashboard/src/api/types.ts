// The shapes that the api answers with, under the names the dashboard uses. They
// come from its contract (schema.ts); nothing is added that the wire does not carry.
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Failure = Schemas["Failure"];
export type Health = Schemas["Health"];
export type HealthReason = Schemas["HealthReason"];
export type HealthView = Schemas["HealthView"];
export type OperationKind = Schemas["OperationKind"];
export type OperationStatus = Schemas["OperationStatus"];
export type OperationView = Schemas["OperationView"];
export type PutOff = Schemas["PutOffView"];
export type Step = Schemas["Step"];
export type StepOutcome = Schemas["StepOutcomeView"];
export type StepView = Schemas["StepView"];
export type StorePage = Schemas["PageView_StoreView"];
export type StoreStatus = Schemas["StoreStatus"];
export type StoreView = Schemas["StoreView"];
export type Waiting = Schemas["WaitingView"];
export type WantedView = Schemas["WantedView"];
