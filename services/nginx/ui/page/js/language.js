/** The page's language and its texts. */

import { recall, remember } from "./preferences.js";
import en from "./texts/en.js";
import zh from "./texts/zh.js";

const TEXTS = { en, "zh-CN": zh };
const changes = new EventTarget();
let current = known(recall("language")) ?? preferred();

function known(language) {
  return language in TEXTS ? language : null;
}

function preferred() {
  const first = navigator.languages.find((tag) => /^(en|zh)\b/i.test(tag));
  return first && /^zh\b/i.test(first) ? "zh-CN" : "en";
}

export const language = () => current;
export const otherLanguage = () => (current === "en" ? "zh-CN" : "en");

export function speak(next) {
  current = next;
  remember("language", next);
  changes.dispatchEvent(new Event("change"));
}

export function onLanguage(listener) {
  changes.addEventListener("change", listener);
}

/** The text under a dotted key, with `{name}` replaced; null when there is none. A number `n` chooses the plural form. */
export function find(key, values = {}) {
  let text = key.split(".").reduce((texts, part) => texts?.[part], TEXTS[current]);
  if (text && typeof text === "object" && "other" in text) {
    text = text[new Intl.PluralRules(current).select(Number(values.n))] ?? text.other;
  }
  if (typeof text !== "string") return null;
  return text.replace(/\{(\w+)\}/g, (_, name) => {
    const value = values[name];
    return typeof value === "number" ? value.toLocaleString(current) : value;
  });
}

/** The same where a text must exist: a missing one shows its key, which a test looks for. */
export const t = (key, values) => find(key, values) ?? `[${key}]`;

/** What the API says is English. Where its sentence is a known one, say it in the page's language; else null. */
export function translated(sentence) {
  for (const [pattern, template] of TEXTS[current].sentences) {
    const match = pattern.exec(sentence);
    if (match) return template.replace(/\$(\d)/g, (_, group) => match[group]);
  }
  return null;
}

/** Fill the fixed parts of the page: `data-text` names the text of an element, `data-label` its accessible name. */
export function fill(root = document) {
  document.documentElement.lang = current;
  for (const element of root.querySelectorAll("[data-text]")) element.textContent = t(element.dataset.text);
  for (const element of root.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", t(element.dataset.label));
    element.title = t(element.dataset.label);
  }
}
