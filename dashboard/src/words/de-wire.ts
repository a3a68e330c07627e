// German for what the api says in codes; its type is the English one's.
import type { enWire } from "./en-wire";

export const deWire: typeof enWire = {
  kind: {
    Create: "Anlegen",
    Update: "Ändern",
    Rollback: "Zurücksetzen",
    Suspend: "Anhalten",
    Resume: "Fortsetzen",
    Delete: "Löschen",
  },

  outcome: {
    Queued: "wartet auf einen Worker",
    Running: "läuft",
    Succeeded: "gelungen",
    Failed: "fehlgeschlagen",
    Cancelled: "abgebrochen",
    Superseded: "durch einen späteren Wunsch ersetzt",
  },

  status: {
    Queued: "Wartet",
    Provisioning: "Wird angelegt",
    Ready: "Bereit",
    Failed: "Fehlgeschlagen",
    Updating: "Wird geändert",
    Suspended: "Angehalten",
    Deleting: "Wird gelöscht",
    Deleted: "Gelöscht",
    DeleteFailed: "Löschen fehlgeschlagen",
  },

  step: {
    Namespace: "Namespace anlegen",
    Credentials: "Zugangsdaten schreiben",
    Unlock: "Gesperrtes Release freigeben",
    Reset: "Kaputte Erstinstallation räumen",
    Release: "Release installieren",
    Rollback: "Zum letzten guten Release zurück",
    Rollout: "Datenbank und Shop starten",
    Storefront: "Prüfen, ob der Shop antwortet",
    Purge: "Namespace entfernen",
  },

  stepState: {
    done: "fertig",
    running: "läuft",
    failed: "fehlgeschlagen",
    interrupted: "unterbrochen",
    stopped: "angehalten",
    pending: "kommt noch",
  },

  interrupted:
    "Unterbrochen: Sein Worker hörte vor dem Ende auf. Ein anderer machte von hier weiter.",

  waitingForWorker: "Wartet auf einen Worker",

  putOff: {
    now: "Aufgeschoben.",
    next: (time) => `Nächster Versuch in ${time}.`,
    soon: "Nächster Versuch jeden Moment.",
  },

  held: {
    title: "Es lässt sich noch rückgängig machen.",
    text: (time) => `Bis ${time} wird nichts entfernt; „Abbrechen“ behält den Shop bis dahin.`,
    until: (time) => `Lässt sich rückgängig machen bis ${time}`,
    waits: "lässt sich noch rückgängig machen",
  },

  kindFailed: (kind) => `${kind} fehlgeschlagen`,

  health: {
    Unknown: "Zustand unbekannt",
    Healthy: "Gesund",
    Degraded: "Gestört",
  },

  healthMore: (count) => `(und ${count} mehr)`,
  lookedAt: (time) => `angesehen ${time}`,
  notLookedAt: "noch nicht angesehen",

  fault: {
    DatabaseNotReady: "Die Datenbank ist nicht bereit",
    WebNotReady: "Der Shop hat keinen laufenden Pod",
    StorefrontUnreachable: "Der Shop antwortet nicht",
    NamespaceMissing: "Sein Namespace fehlt",
    WorkloadMissing: "Ein Teil von ihm ist weg",
    ImagePull: "Ein Image lässt sich nicht laden",
    ImageInvalid: "Ein Image ist nicht zu gebrauchen",
    Unschedulable: "Kein Node hat Platz für einen Pod",
    QuotaExceeded: "Seine Quota ist aufgebraucht",
    PodSecurity: "Die Sicherheitsregeln des Clusters lehnen einen Pod ab",
    VolumePending: "Ein Volume ist noch nicht da",
    CrashLoop: "Ein Container stürzt immer wieder ab",
    OutOfMemory: "Einem Container ging der Speicher aus",
    ProbeFailing: "Ein Container besteht seine Prüfung nicht",
  },

  role: { viewer: "Betrachter", operator: "Betreiber", admin: "Admin" },

  keyStatus: { Active: "Gültig", Expired: "Abgelaufen", Revoked: "Eingezogen" },
};
