/** The values that were drawn, while they are on the page: copied one by one or all, and forgotten with it. */

import { announce } from "./announce.js";
import { copy } from "./copy.js";
import { byId, el, icon } from "./dom.js";
import { onLanguage, t } from "./language.js";

/** Milliseconds for which a button says that it copied. */
const SAID = 1400;

export class Results {
  #values = [];

  constructor() {
    this.list = byId("values");
    this.list.addEventListener("click", ({ target }) => this.#copyOne(target.closest("button")));
    this.list.addEventListener("keydown", (event) => this.#move(event));
    byId("copy-all").addEventListener("click", ({ currentTarget }) => this.#copyAll(currentTarget));
    byId("clear").addEventListener("click", () => {
      this.clear();
      announce(t("results.cleared"));
      byId("generate").focus();
    });
    onLanguage(() => this.#title());
  }

  /** Values as texts. */
  show(values) {
    this.#values = values;
    this.list.replaceChildren(...values.map((value, place) =>
      el("li", {}, el("button", { type: "button", tabindex: place ? "-1" : "0" }, el("code", {}, value), icon("copy")))));
    byId("results").hidden = false;
    this.list.scrollTop = 0;
    this.#title();
  }

  clear() {
    this.#values = [];
    this.list.replaceChildren();
    byId("results").hidden = true;
  }

  #title() {
    byId("results-title").textContent = t("results.title", { n: this.#values.length });
  }

  async #copyOne(button) {
    if (!button) return;
    this.#stop(button);
    await this.#say(button, button.firstChild.textContent, t("results.copied"));
  }

  async #copyAll(button) {
    await this.#say(button, this.#values.join("\n") + "\n", t("results.copiedAll", { n: this.#values.length }));
  }

  async #say(button, text, done) {
    const copied = await copy(text);
    announce(copied ? done : t("results.notCopied"));
    button.classList.toggle("done", copied);
    setTimeout(() => button.classList.remove("done"), SAID);
  }

  /** One stop for Tab, arrows within: a thousand values are no thousand stops. */
  #move(event) {
    const buttons = [...this.list.querySelectorAll("button")];
    const from = buttons.indexOf(document.activeElement);
    const to = { ArrowDown: from + 1, ArrowUp: from - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (from < 0 || to === undefined) return;
    event.preventDefault();
    const next = buttons[Math.max(0, Math.min(buttons.length - 1, to))];
    this.#stop(next);
    next.focus();
  }

  #stop(button) {
    this.list.querySelector('button[tabindex="0"]').tabIndex = -1;
    button.tabIndex = 0;
  }
}
