// Starts the page. Nothing else happens here.
import { render } from "preact";
import { App } from "./app";
import { newAnswers } from "./live/look";
import { applyPreferences } from "./preferences";
import { addresses } from "./route";

applyPreferences();
const root = document.getElementById("app");
if (root) {
  const answers = newAnswers();
  // Drawing takes longer than these answers, and the first would ask only afterwards.
  answers.ahead("whoami", "/whoami");
  if (location.pathname === addresses.overview) {
    answers.ahead("stores", "/stores/counts");
  }
  render(<App answers={answers} />, root);
}
