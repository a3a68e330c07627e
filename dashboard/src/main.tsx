// Starts the page. Nothing else happens here.
import { render } from "preact";
import { App } from "./app";
import { newAnswers } from "./live/look";
import { applyPreferences } from "./preferences";

applyPreferences();
const root = document.getElementById("app");
if (root) {
  render(<App answers={newAnswers()} />, root);
}
