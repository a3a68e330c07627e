// What jsdom lacks of a browser and the dashboard uses: modal dialogs, scrolling. And the
// deadline of waits for a condition: one second is not enough while a machine
// with two cores compiles beside the tests.
import { cleanup, configure } from "@testing-library/preact";
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

if (typeof window !== "undefined") {
  window.scrollTo = () => undefined;
}

configure({ asyncUtilTimeout: 15_000 });

afterEach(cleanup);
