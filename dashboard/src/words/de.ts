// German: the frame, stores and dialogs. What lacks here does not compile.
import { dePages } from "./de-pages";
import { deWire } from "./de-wire";
import type { en } from "./en";

export const de: typeof en = {
  ...deWire,
  ...dePages,
  product: "Urumi",
  dismiss: "Ausblenden",
  close: "Abbrechen",
  copy: "Kopieren",
  copied: "Kopiert",
  requestId: "Anfrage",

  login: {
    title: "Anmelden",
    label: "API-Schlüssel",
    hint: "Ein Admin Ihres Mandanten gibt Schlüssel aus; der erste entsteht mit „urumi-api key“.",
    submit: "Anmelden",
    busy: "Anmeldung läuft …",
    failed: "Sie sind nicht angemeldet",
  },

  stores: {
    title: "Shops",
    create: "Neuer Shop",
    loading: "Shops werden geladen …",
    column: {
      name: "Shop",
      status: "Status",
      address: "Adresse",
      created: "Angelegt",
      actions: "Aktionen",
    },
    remove: "Löschen",
    removeNamed: (name) => `${name} löschen`,
    opensInNewTab: "öffnet in neuem Tab",
    notYetOpen: "Öffnet, sobald der Shop bereit ist",
    nowIs: (name, status) => `${name}: jetzt ${status}.`,
    gone: (name) => `${name} ist gelöscht.`,
  },

  empty: {
    title: "Legen Sie Ihren ersten Shop an",
    text: "Jeder Shop ist ein eigenes WordPress mit eigener Datenbank und Adresse. Sie sehen jeden Schritt, bis er öffnet, meist in weniger als einer Minute.",
    or: "oder im Terminal",
  },

  create: {
    title: "Neuer Shop",
    label: "Name",
    hint: "Steht im Shop und in dieser Liste. Bis zu 60 Zeichen; leer wird er „My Store“.",
    tooLong: (count) => `Höchstens 60 Zeichen; dies sind ${count}.`,
    submit: "Shop anlegen",
    busy: "Wird angelegt …",
    failed: "Der Shop wurde nicht angelegt",
  },

  remove: {
    title: "Diesen Shop löschen?",
    text: "Shop, Datenbank und Dateien werden endgültig entfernt: sofort, oder nach der Frist, für die diese Plattform gelöschte Shops behält. Seine Seite sagt dann, bis wann es sich rückgängig machen lässt. Eintrag und Protokoll bleiben.",
    typeBefore: "Geben Sie",
    typeAfter: "zur Bestätigung ein",
    orId: "oder",
    submit: "Shop löschen",
    busy: "Wird gelöscht …",
    failed: (name) => `„${name}“ wurde nicht gelöscht`,
  },

  retry: {
    label: "Erneut versuchen",
    named: (name) => `${name} erneut versuchen`,
    busy: "Wird angefragt …",
    failed: (name) => `„${name}“ wurde nicht erneut versucht`,
    hint: {
      Create: "Legt den Shop neu an",
      Update: "Versucht dieselbe Änderung noch einmal",
      Rollback: "Versucht noch einmal zurückzugehen",
      Delete: "Versucht noch einmal, ihn zu entfernen",
    },
  },

  cancel: {
    label: "Abbrechen",
    named: (name) => `Abbrechen, was an ${name} getan wird`,
    busy: "Wird abgebrochen …",
    failed: (name) => `„${name}“ wurde nicht abgebrochen`,
    hint: {
      Create: "Hört auf, ihn anzulegen; er kann neu versucht werden",
      Update: "Hört mit der Änderung auf und geht zum Vorigen zurück",
      Delete: "Behält den Shop: nichts von ihm wird entfernt",
    },
  },

  connection: {
    troubled: "Die API antwortet mit einem Fehler.",
    stale: (time) => `Gezeigt ist der Stand von ${time}.`,
    again: "Neuer Versuch alle 2 Sekunden.",
  },

  problem: {
    untitled: "Die Anfrage schlug fehl",
    unexplained: (status) => `Die API antwortete mit Status ${status} und ohne Erklärung.`,
    gateway: (status) => `Etwas vor der API antwortete mit Status ${status}.`,
    noAnswer: "Die API antwortet nicht. „make status“ sagt, ob sie läuft.",
    slow: (seconds) => `Keine Antwort in ${seconds} Sekunden.`,
    unknown: "In dieser Seite ging etwas Unerwartetes schief.",
  },

  detail: {
    progress: "Verlauf",
    facts: "Angaben",
    id: "Id",
    address: "Adresse",
    health: "Zustand",
    plan: "Tarif",
    shop: "Laden",
    plainWordPress: "keiner: ein einfaches WordPress",
    created: "Angelegt",
    ready: "Zuerst bereit",
    readyAfter: (time) => `nach ${time}`,
    attempt: (count) => `Versuch ${count}`,
    noOperation: "Über diesen Shop ist kein Vorgang bekannt.",
  },

  failure: {
    cause: "Ursache",
    next: "Was zu tun ist",
    evidence: "Belege",
    tryingAgain: "Der letzte Versuch schlug fehl; die Plattform versucht es wieder.",
    seenNow: "Beim Warten gesehen; es kann noch vorübergehen.",
    asBefore: "Aus der Änderung wurde nichts; der Shop ist, wie er war.",
  },
};
