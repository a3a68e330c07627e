// Starts the page. Nothing else happens here.
import { render } from "preact";
import { App } from "./app";
import { newAnswers } from "./live/look";
import { applyPreferences } from "./preferences";
import { addresses } from "./route";

applyPreferences();

/** A drawing takes longer than these answers do: so they are in the first one, if they come soon. */
const SOON_MS = 150;
const isOverview = location.pathname === addresses.overview;
const answers = newAnswers();
const first = Promise.all([
  answers.ahead("whoami", "/whoami"),
  isOverview && answers.ahead("stores", "/stores/counts"),
]);
const soon = new Promise((resolve) => setTimeout(resolve, SOON_MS));
const root = document.getElementById("app");
void Promise.race([first, soon]).then(() => root && render(<App answers={answers} />, root));
