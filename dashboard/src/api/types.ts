// The shapes that the api answers with, under the names the dashboard uses. They
// come from its contract (schema.ts); nothing is added that the wire does not carry.
import type { components, operations } from "./schema";

type Schemas = components["schemas"];

export type AuditEvent = Schemas["PageView_AuditEventView"]["items"][number];
export type AuditPage = Schemas["PageView_AuditEventView"];
export type Change = Schemas["ChangeBody"];
export type Counts = Schemas["CountsView"];
export type Container = Schemas["ContainerSeen"];
export type DeadLetter = Schemas["DeadLetterView"];
export type DeadLetterPage = Schemas["PageView_DeadLetterView"];
export type Failure = Schemas["Failure"];
export type Health = Schemas["Health"];
export type HealthReason = Schemas["HealthReason"];
export type HealthView = Schemas["HealthView"];
export type Inside = Schemas["Inside"];
export type Key = Schemas["KeyView"];
export type KeyPage = Schemas["PageView_KeyView"];
export type KeyStatus = Schemas["KeyStatus"];
export type Limits = Schemas["Limits"];
export type Logs = Schemas["Logs"];
export type NewKey = Schemas["NewKeyBody"];
export type NewTenant = Schemas["NewTenantBody"];
export type ListQuery = NonNullable<operations["listStores"]["parameters"]["query"]>;
export type OperationKind = Schemas["OperationKind"];
export type OperationStatus = Schemas["OperationStatus"];
export type OperationPage = Schemas["PageView_OperationView"];
export type OperationView = Schemas["OperationView"];
export type Pod = Schemas["PodSeen"];
export type Plan = Schemas["Plan"];
export type PutOff = Schemas["PutOffView"];
export type Role = Schemas["Role"];
export type Step = Schemas["Step"];
export type StepOutcome = Schemas["StepOutcomeView"];
export type StepView = Schemas["StepView"];
export type StorePage = Schemas["PageView_StoreView"];
export type StoreStatus = Schemas["StoreStatus"];
export type StoreView = Schemas["StoreView"];
export type Tenant = Schemas["TenantView"];
export type TenantPage = Schemas["PageView_TenantView"];
export type Verification = Schemas["VerificationView"];
export type Waiting = Schemas["WaitingView"];
export type WantedView = Schemas["WantedView"];
export type Whoami = Schemas["WhoamiView"];
