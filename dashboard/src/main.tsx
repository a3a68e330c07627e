// Starts the page. Nothing else happens here.
import { render } from "preact";
import { App } from "./app";
import { newQueryClient } from "./live/stores";

const root = document.getElementById("app");
if (root) {
  render(<App client={newQueryClient()} />, root);
}
