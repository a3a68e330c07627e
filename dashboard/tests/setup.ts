// What jsdom lacks of a browser and the dashboard uses: modal dialogs.
import { cleanup } from "@testing-library/preact";
import { afterEach } from "vitest";

if (typeof HTMLDialogElement !== "undefined") {
  HTMLDialogElement.prototype.showModal = function showModal() {
    this.open = true;
    this.querySelector<HTMLElement>("input, button")?.focus();
  };
  HTMLDialogElement.prototype.close = function close() {
    this.open = false;
  };
}

afterEach(cleanup);
