/** The curl lines on the page. */

import { announce } from "./announce.js";
import { copy } from "./copy.js";
import { curlLines } from "./curl.js";
import { byId } from "./dom.js";
import { t } from "./language.js";

/** Milliseconds for which a button says that it copied. */
const SAID = 1400;

export class Shell {
  constructor(settings) {
    this.settings = settings;
    for (const name of ["answer", "stream"]) {
      byId(`copy-${name}`).addEventListener("click", ({ currentTarget }) => this.#copy(name, currentTarget));
    }
    this.show();
  }

  show() {
    const lines = curlLines(this.settings);
    byId("line-answer").hidden = lines.answer === null;
    for (const [name, line] of Object.entries(lines)) byId(`curl-${name}`).textContent = line ?? "";
  }

  async #copy(name, button) {
    const copied = await copy(byId(`curl-${name}`).textContent);
    announce(t(copied ? "results.copied" : "results.notCopied"));
    button.classList.toggle("done", copied);
    setTimeout(() => button.classList.remove("done"), SAID);
  }
}
