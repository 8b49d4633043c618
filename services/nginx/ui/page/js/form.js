/** The form: the kind, the presets, and a control for each field with label, hint and error message. */

import { byId, el, icon } from "./dom.js";
import { find, language, onLanguage, readersChoice, t, translated } from "./language.js";
import { LISTS, OPEN_LENGTH, PRESETS, REPLACED_BY, groupsOf, waysOf } from "./settings.js";

/** @typedef {import("./settings.js").Settings} Settings */
/** @typedef {import("./settings.js").Kind} Kind */
/** @typedef {import("./settings.js").Field} Field */
/** @typedef {ReturnType<typeof groupsOf>[number]} Group */
/**
 * @typedef {object} Make The inputs of a function that makes a control.
 * @property {string} id
 * @property {Kind} kind
 * @property {Field} field
 * @property {Settings} settings
 * @property {(value: string | boolean) => void} change
 */
/** @typedef {{element: HTMLElement, input: HTMLElement}} Made */

/** Languages without spaces between words. */
const UNSPACED = new Set(["zh", "zh-Hant"]);

/**
 * The tabs of the kinds, and the presets.
 * @param {Settings} settings
 */
export function kindTabs(settings) {
  settings.addEventListener("change", (event) => /** @type {CustomEvent} */ (event).detail === "layout" && show());
  onLanguage(show);
  for (const button of byId("presets").querySelectorAll("button")) {
    const { kind, given } = PRESETS[button.dataset.preset];
    button.addEventListener("click", () => settings.use(kind, forReader(settings, kind, given)));
  }
  show();

  function show() {
    const focused = document.activeElement?.id;
    const { kinds, kind } = settings;
    byId("kinds").replaceChildren(...[...kinds.keys()].map((name) => tab(name, name === kind.name)));
    byId("kind-about").textContent = find(`kinds.${kind.name}.about`) ?? kind.summary;
    if (focused) byId(focused)?.focus();
    // On a phone the row of tabs scrolls: show the chosen one in the middle.
    const chosen = byId(`kind-${kind.name}`).parentElement;
    byId("kinds").parentElement.scrollLeft = chosen.offsetLeft + (chosen.offsetWidth - innerWidth) / 2;
  }

  /**
   * @param {string} name
   * @param {boolean} checked
   */
  function tab(name, checked) {
    const id = `kind-${name}`;
    const onchange = () => settings.use(name, forReader(settings, name, {}));
    const input = el("input", { type: "radio", name: "kind", id, value: name, checked, onchange });
    return el("div", {}, input, el("label", { for: id }, find(`kinds.${name}.label`) ?? name));
  }
}

/**
 * Preset the reader's language for passphrases.
 * @param {Settings} settings
 * @param {string} name
 * @param {Record<string, string | boolean>} given
 */
function forReader(settings, name, given) {
  const lists = name === "passphrases" ? settings.kinds.get(name)?.fields.get("language")?.choices : undefined;
  const language = lists && readersChoice(lists);
  if (!language) return new Map(Object.entries(given));
  return new Map(Object.entries({ language, ...(UNSPACED.has(language) ? { separator: "" } : {}), ...given }));
}

/** The form of the chosen kind: its ways, groups and fields. */
export class Form {
  /** @type {Map<string, ReturnType<typeof controlOf>>} */
  #controls = new Map();

  /**
   * @param {HTMLFormElement} root
   * @param {Settings} settings
   */
  constructor(root, settings) {
    this.root = root;
    this.settings = settings;
    settings.addEventListener("change", (event) =>
      /** @type {CustomEvent} */ (event).detail === "layout" ? this.#lay() : this.#disable());
    onLanguage(() => this.#lay());
    root.addEventListener("submit", (event) => event.preventDefault());
    this.#lay();
  }

  /**
   * Show errors at their fields; return those that have no field here.
   * @param {import("./api.js").FieldError[]} errors
   */
  fail(errors) {
    const messages = new Map();
    for (const { field, message } of errors) messages.set(field, messages.get(field) ?? message);
    for (const [name, control] of this.#controls) {
      control.fail(messages.get(name) ?? null);
      if (messages.has(name)) control.element.closest("details")?.setAttribute("open", "");
    }
    return errors.filter(({ field }) => !this.#controls.has(field));
  }

  /** Focus the first invalid field. */
  focusFirstError() {
    [...this.#controls.values()].find(({ element }) => element.classList.contains("wrong"))?.input.focus();
  }

  #lay() {
    const { kind, way } = this.settings;
    // Keep open groups open, and keep the focus.
    const open = new Set([...this.root.querySelectorAll("details")].filter((one) => one.open).map((one) => one.dataset.group));
    const focused = document.activeElement?.id;
    this.#controls.clear();
    const groups = groupsOf(kind, way).map((group) => this.#group(group, open));
    this.root.replaceChildren(...this.#ways(), ...groups);
    this.#disable();
    const again = focused && document.getElementById(focused);
    if (again && this.root.contains(again)) again.focus();
  }

  /** Disable fields that another field replaces. */
  #disable() {
    for (const [name, control] of this.#controls) {
      if (name in REPLACED_BY) control.disable(this.settings.isReplaced(name));
    }
  }

  /**
   * @param {Group} group
   * @param {Set<string | undefined>} open
   */
  #group(group, open) {
    const controls = group.fields.map((field) => {
      const control = controlOf(field, this.settings);
      if (group.chips) control.element.className = "chip";
      this.#controls.set(field.name, control);
      return control.element;
    });
    const title = t(`groups.${group.name}`);
    if (group.chips) {
      return el("fieldset", { class: "group" }, el("legend", {}, title), el("div", { class: "chips" }, ...controls));
    }
    if (!group.folded) return el("div", { class: `group fields ${group.name}` }, ...controls);
    const set = group.fields.some(({ name, initial }) => this.settings.get(name) !== initial);
    return el("details", { "data-group": group.name, open: set || open.has(group.name) },
      el("summary", {}, el("span", {}, title), el("small", {}, t(`groups.${group.name}About`)), icon("chevron")),
      el("div", { class: "fields" }, ...controls));
  }

  #ways() {
    const ways = waysOf(this.settings.kind);
    if (ways.length < 2) return [];
    const options = ways.map((way) => el("option", { value: way, selected: way === this.settings.way }, t(`ways.${way}`)));
    const select = el("select", { id: "way", onchange: () => this.settings.switchTo(select.value) }, ...options);
    return [el("div", { class: "field way" }, el("label", { for: "way" }, t("ways.title")), el("div", { class: "select" }, select))];
  }
}

/**
 * The control of a field; `fail` shows an error (null: none).
 * @param {Field} field
 * @param {Settings} settings
 */
function controlOf(field, settings) {
  const { kind } = settings;
  const id = `field-${field.name}`;
  const made = makerOf(field)({ id, kind, field, settings, change: (value) => settings.set(field.name, value) });
  const error = el("p", { id: `${id}-error`, class: "error", hidden: true });
  const hint = hintOf(kind, field);
  const described = hint && `${id}-hint`;
  if (described) made.input.setAttribute("aria-describedby", described);
  made.element.append(...(hint ? [el("p", { id: described, class: "hint", lang: hint.lang }, hint.text)] : []), error);
  made.element.dataset.field = field.name;

  return {
    ...made,
    /** @param {boolean} disabled */
    disable(disabled) {
      for (const part of made.element.querySelectorAll("input, button")) part.toggleAttribute("disabled", disabled);
      made.element.classList.toggle("replaced", disabled);
    },
    /** @param {string | null} message */
    fail(message) {
      const text = message && (translated(message) ?? message);
      error.hidden = !message;
      error.textContent = text ?? "";
      error.lang = message && text === message ? "en" : language();
      made.element.classList.toggle("wrong", Boolean(message));
      if (message) made.input.setAttribute("aria-invalid", "true");
      else made.input.removeAttribute("aria-invalid");
      made.input.setAttribute("aria-describedby", [described, message && error.id].filter(Boolean).join(" "));
    },
  };
}

/**
 * The page's label of a field; else the API's name.
 * @param {Kind} kind
 * @param {string} name
 */
export const labelOf = (kind, name) => find(`fields.${kind.name}.${name}.label`) ?? find(`fields.all.${name}.label`) ?? name;

/**
 * @param {Kind} kind
 * @param {Field} field
 */
function hintOf(kind, field) {
  const text = find(`fields.${kind.name}.${field.name}.hint`) ?? find(`fields.all.${field.name}.hint`);
  if (text) return { text, lang: null };
  return labelOf(kind, field.name) === field.name && field.description ? { text: field.description, lang: "en" } : null;
}

/**
 * @param {Field} field
 * @returns {(make: Make) => Made}
 */
function makerOf(field) {
  if (field.type === "boolean") return checkbox;
  if (field.name in LISTS) return list;
  if (field.type === "choice") return choice;
  return field.numeric ? number : text;
}

/** @param {Make} make */
function checkbox({ id, kind, field, settings, change }) {
  const input = el("input", { id, type: "checkbox", checked: settings.get(field.name), onchange: () => change(input.checked) });
  const sample = find(`fields.${kind.name}.${field.name}.sample`);
  const label = el("label", { for: id }, el("span", { class: "name" }, labelOf(kind, field.name)));
  if (sample) label.append(el("code", { "aria-hidden": "true" }, sample));
  return { element: el("div", { class: "check" }, input, label), input };
}

/** @param {Make} make */
function text({ id, kind, field, settings, change }) {
  const input = el("input", {
    id, type: "text", value: settings.get(field.name), class: "code", placeholder: field.example,
    autocomplete: "off", autocapitalize: "off", autocorrect: "off", spellcheck: "false", oninput: () => change(input.value),
  });
  return { element: labelled(id, kind, field, input), input };
}

/**
 * Whole numbers stay text: they may exceed JavaScript's precision, and the API reports invalid ones.
 * @param {Make} make
 */
function number({ id, kind, field, settings, change }) {
  const example = field.name === "length" && OPEN_LENGTH.has(settings.way) ? null : field.example;
  /** @param {bigint} by */
  const step = (by) => {
    input.value = stepped(input.value, by, { ...field, example });
    change(input.value);
  };
  const input = el("input", {
    id, type: "text", inputmode: field.minimum === null ? "text" : "numeric", value: settings.get(field.name),
    placeholder: example, autocomplete: "off", oninput: () => change(input.value),
    onkeydown: (/** @type {KeyboardEvent} */ event) => {
      /** @type {Record<string, bigint>} */
      const steps = { ArrowUp: 1n, ArrowDown: -1n, PageUp: 10n, PageDown: -10n };
      if (!(event.key in steps)) return;
      event.preventDefault();
      step(steps[event.key]);
    },
  });
  /**
   * A button for pointers; the keyboard uses the arrow keys.
   * @param {bigint} by
   * @param {string} name
   * @param {string} drawing
   */
  const button = (by, name, drawing) => el("button", {
    type: "button", tabindex: "-1", "aria-label": `${name}${t("colon")}${labelOf(kind, field.name)}`, onclick: () => step(by),
  }, icon(drawing));
  const stepper = el("div", { class: "stepper" }, button(-1n, t("less"), "minus"), input, button(1n, t("more"), "plus"));
  return { element: labelled(id, kind, field, stepper), input };
}

/**
 * A whole number as text, plus a number of steps, within the field's limits.
 * @param {string} written
 * @param {bigint} by
 * @param {Pick<Field, "minimum" | "maximum" | "example">} field
 */
export function stepped(written, by, { minimum, maximum, example }) {
  const from = /^\s*-?\d+\s*$/.test(written) ? written : String(example ?? minimum ?? 0);
  const next = BigInt(from) + (written.trim() === "" && example === null ? 0n : by);
  if (minimum !== null && next < minimum) return String(minimum);
  if (maximum !== null && next > maximum) return String(maximum);
  return next.toString();
}

/** @param {Make} make */
function choice({ id, kind, field, settings, change }) {
  const options = field.choices.map((value) =>
    el("option", { value, selected: value === settings.get(field.name) }, find(`fields.${kind.name}.${field.name}.choices.${value}`) ?? value));
  if (field.optional) options.unshift(el("option", { value: "" }, t("none")));
  const input = el("select", { id, onchange: () => change(input.value) }, ...options);
  return { element: labelled(id, kind, field, el("div", { class: "select" }, input)), input };
}

/**
 * A choice of several options, which the API takes as a comma-separated list.
 * @param {Make} make
 */
function list({ id, kind, field, settings, change }) {
  const chosen = new Set(settings.text(field.name).split(",").map((name) => name.trim()));
  const boxes = LISTS[field.name].map((name) => {
    const box = el("input", { type: "checkbox", id: `${id}-${name}`, value: name, checked: chosen.has(name) });
    return { box, item: el("div", { class: "chip" }, box, el("label", { for: box.id }, labelOf(kind, name))) };
  });
  const tell = () => change(boxes.filter(({ box }) => box.checked).map(({ box }) => box.value).join(","));
  const element = el("fieldset", { class: "field list", onchange: tell },
    el("legend", {}, labelOf(kind, field.name)), el("div", { class: "chips" }, ...boxes.map(({ item }) => item)));
  // The error belongs to the group; focus goes to its first box.
  return { element, input: boxes[0].box };
}

/**
 * @param {string} id
 * @param {Kind} kind
 * @param {Field} field
 * @param {HTMLElement} control
 */
const labelled = (id, kind, field, control) =>
  el("div", { class: "field" }, el("label", { for: id }, labelOf(kind, field.name)), control);
