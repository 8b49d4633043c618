/** One field as a control with its label, its hint and a place for its error. */

import { LISTS, OPEN_LENGTH } from "./arrangement.js";
import { el, icon } from "./dom.js";
import { find, language, t, translated } from "./language.js";

/** The control of a field: `{element, input, fail, disable}`, where `fail` shows what is wrong (null: nothing). */
export function controlOf(kind, field, settings) {
  const id = `field-${field.name}`;
  const made = makerOf(field)({ id, kind, field, settings, change: (value) => settings.set(field.name, value) });
  const error = el("p", { id: `${id}-error`, class: "error", hidden: true });
  const hint = hintOf(kind, field);
  const described = hint ? `${id}-hint` : null;
  if (described) made.input.setAttribute("aria-describedby", described);
  made.element.append(...[hint && el("p", { id: described, class: "hint", lang: hint.lang }, hint.text), error].filter(Boolean));
  made.element.dataset.field = field.name;

  return {
    ...made,
    disable(disabled) {
      for (const part of made.element.querySelectorAll("input, button")) part.disabled = disabled;
      made.element.classList.toggle("replaced", disabled);
    },
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

/** The page's own name of a field; the API's where it has none. */
export function labelOf(kind, name) {
  return find(`fields.${kind.name}.${name}.label`) ?? find(`fields.all.${name}.label`) ?? name;
}

function hintOf(kind, field) {
  const own = find(`fields.${kind.name}.${field.name}.hint`) ?? find(`fields.all.${field.name}.hint`);
  if (own !== null) return own && { text: own };
  const known = find(`fields.${kind.name}.${field.name}.label`) ?? find(`fields.all.${field.name}.label`);
  return known === null && field.description ? { text: field.description, lang: "en" } : null;
}

function makerOf(field) {
  if (field.type === "boolean") return checkbox;
  if (field.name in LISTS) return list;
  if (field.type === "choice") return choice;
  return field.numeric ? number : text;
}

function checkbox({ id, kind, field, settings, change }) {
  const input = el("input", {
    id, type: "checkbox", checked: settings.get(field.name), onchange: () => change(input.checked),
  });
  const sample = find(`fields.${kind.name}.${field.name}.sample`);
  const label = el("label", { for: id }, el("span", { class: "name" }, labelOf(kind, field.name)));
  if (sample) label.append(el("code", { "aria-hidden": "true" }, sample));
  return { element: el("div", { class: "check" }, input, label), input };
}

function text({ id, kind, field, settings, change }) {
  const input = el("input", {
    id, type: "text", value: settings.get(field.name), class: "code", placeholder: field.example,
    autocomplete: "off", autocapitalize: "off", autocorrect: "off", spellcheck: "false", oninput: () => change(input.value),
  });
  return { element: labelled(id, kind, field, input), input };
}

/** Whole numbers stay text: they may be longer than a number of JavaScript holds, and a wrong one is the API's to name. */
function number({ id, kind, field, settings, change }) {
  const put = (value) => {
    input.value = value;
    change(value);
  };
  const example = field.name === "length" && OPEN_LENGTH.has(settings.way) ? null : field.example;
  const step = (by) => put(stepped(input.value, by, { ...field, example }));
  const input = el("input", {
    id, type: "text", inputmode: field.minimum === null ? "text" : "numeric", value: settings.get(field.name),
    placeholder: example, autocomplete: "off", oninput: () => change(input.value),
    onkeydown: (event) => {
      const by = { ArrowUp: 1n, ArrowDown: -1n, PageUp: 10n, PageDown: -10n }[event.key];
      if (!by) return;
      event.preventDefault();
      step(by);
    },
  });
  // For a pointer; the keyboard has its arrows.
  const button = (by, name, drawing) =>
    el("button", { type: "button", tabindex: "-1", "aria-label": `${name}: ${labelOf(kind, field.name)}`, onclick: () => step(by) }, icon(drawing));
  const stepper = el("div", { class: "stepper" }, button(-1n, t("less"), "minus"), input, button(1n, t("more"), "plus"));
  return { element: labelled(id, kind, field, stepper), input };
}

function stepped(written, by, { minimum, maximum, example }) {
  const from = /^\s*-?\d+\s*$/.test(written) ? written : String(example ?? minimum ?? 0);
  const next = BigInt(from) + (written.trim() === "" && example === null ? 0n : by);
  if (minimum !== null && next < minimum) return String(minimum);
  if (maximum !== null && next > maximum) return String(maximum);
  return next.toString();
}

function choice({ id, kind, field, settings, change }) {
  const options = field.choices.map((value) =>
    el("option", { value, selected: value === settings.get(field.name) }, find(`fields.${kind.name}.${field.name}.choices.${value}`) ?? value));
  if (field.optional) options.unshift(el("option", { value: "" }, t("none")));
  const input = el("select", { id, onchange: () => change(input.value) }, ...options);
  return { element: labelled(id, kind, field, el("div", { class: "select" }, input)), input };
}

/** Several of a few, which the API reads with commas between them. */
function list({ id, kind, field, settings, change }) {
  const chosen = new Set(settings.get(field.name).split(",").map((name) => name.trim()));
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

function labelled(id, kind, field, control) {
  return el("div", { class: "field" }, el("label", { for: id }, labelOf(kind, field.name)), control);
}
