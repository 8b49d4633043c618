/** The choice of the kind, and the examples to begin with. */

import { byId, el } from "./dom.js";
import { find, onLanguage, t } from "./language.js";

export class KindChoice {
  constructor(settings) {
    this.settings = settings;
    settings.addEventListener("change", ({ detail }) => detail === "layout" && this.#show());
    onLanguage(() => this.#show());
    this.#show();
  }

  #show() {
    const focused = document.activeElement?.id;
    const { kinds, kind } = this.settings;
    byId("kinds").replaceChildren(...[...kinds.keys()].map((name) => this.#radio(name, name === kind.name)));
    byId("kind-about").textContent = find(`kinds.${kind.name}.about`) ?? kind.summary;
    byId("examples").replaceChildren(...kind.examples.map((example) => this.#example(example)));
    byId(focused)?.focus();
  }

  #radio(name, checked) {
    const id = `kind-${name}`;
    const input = el("input", { type: "radio", name: "kind", id, value: name, checked, onchange: () => this.settings.use(name) });
    return el("div", {}, input, el("label", { for: id }, find(`kinds.${name}.label`) ?? name));
  }

  #example({ title, values }) {
    const { settings } = this;
    return el("li", {}, el("button", { type: "button", onclick: () => settings.use(settings.kind.name, values) },
      find(`examples.${title}`) ?? title));
  }
}
