/** The form of the kind that is set: its ways, its groups, its fields. */

import { REPLACED_BY, groupsOf, waysOf } from "./arrangement.js";
import { controlOf } from "./control.js";
import { el, icon } from "./dom.js";
import { onLanguage, t } from "./language.js";

export class Form {
  #controls = new Map();

  constructor(root, settings) {
    this.root = root;
    this.settings = settings;
    settings.addEventListener("change", ({ detail }) => (detail === "layout" ? this.#lay() : this.#disable()));
    onLanguage(() => this.#lay());
    root.addEventListener("submit", (event) => event.preventDefault());
    this.#lay();
  }

  /** Show the errors of a problem (`[{field, message}]`) at their fields; return those that have no field here. */
  fail(errors) {
    const messages = new Map();
    for (const { field, message } of errors) messages.set(field, messages.get(field) ?? message);
    for (const [name, control] of this.#controls) {
      control.fail(messages.get(name) ?? null);
      if (messages.has(name)) control.element.closest("details")?.setAttribute("open", "");
    }
    return errors.filter(({ field }) => !this.#controls.has(field));
  }

  /** Take the person to the first field that is wrong. */
  focusFirstError() {
    const wrong = [...this.#controls.values()].find(({ element }) => element.classList.contains("wrong"));
    wrong?.input.focus();
    return Boolean(wrong);
  }

  #lay() {
    const { kind, way } = this.settings;
    // What was unfolded stays so, and what had the focus keeps it.
    const open = new Set([...this.root.querySelectorAll("details[open]")].map((details) => details.dataset.group));
    const focused = document.activeElement?.id;
    this.#controls.clear();
    const groups = groupsOf(kind, way).map((group) => this.#group(group, open));
    this.root.replaceChildren(...[this.#ways(), ...groups].filter(Boolean));
    this.#disable();
    if (focused && this.root.contains(document.getElementById(focused))) document.getElementById(focused).focus();
  }

  /** Fields that another one replaces take no input. */
  #disable() {
    for (const [name, control] of this.#controls) {
      if (name in REPLACED_BY) control.disable(this.settings.isReplaced(name));
    }
  }

  #group(group, open) {
    const { kind } = this.settings;
    const controls = group.fields.map((field) => {
      const control = controlOf(kind, field, this.settings);
      if (group.chips) control.element.className = "chip";
      this.#controls.set(field.name, control);
      return control.element;
    });
    const title = t(`groups.${group.name}`);
    if (group.chips) {
      return el("fieldset", { class: "group" }, el("legend", {}, title), el("div", { class: "chips" }, ...controls));
    }
    if (!group.folded) return el("div", { class: `group fields ${group.name}` }, ...controls);
    const set = group.fields.filter(({ name, initial }) => this.settings.get(name) !== initial).length;
    return el("details", { "data-group": group.name, open: set > 0 || open.has(group.name) },
      el("summary", {}, el("span", {}, title), el("small", {}, t(`groups.${group.name}About`)), icon("chevron")),
      el("div", { class: "fields" }, ...controls));
  }

  #ways() {
    const ways = waysOf(this.settings.kind);
    if (ways.length < 2) return null;
    return el("fieldset", { class: "segments ways" }, el("legend", { class: "aside" }, t("ways.title")),
      ...ways.map((way) => {
        const input = el("input", {
          type: "radio", name: "way", id: `way-${way}`, value: way, checked: way === this.settings.way,
          onchange: () => this.settings.switchTo(way),
        });
        return el("div", {}, input, el("label", { for: input.id }, t(`ways.${way}`)));
      }));
  }
}
