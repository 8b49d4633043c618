/** The page's language and its texts. */

import { recall, remember } from "./dom.js";
import en from "./texts/en.js";
import zh from "./texts/zh.js";

/** @type {Record<string, {sentences: [RegExp, string][]}>} */
const TEXTS = { en, "zh-CN": zh };
const changes = new EventTarget();
let current = known(recall("language")) ?? preferred();

/** @param {string | null} language */
function known(language) {
  return language !== null && language in TEXTS ? language : null;
}

function preferred() {
  const first = readerTags().find((tag) => /^(en|zh)\b/i.test(tag));
  return first && /^zh\b/i.test(first) ? "zh-CN" : "en";
}

/** The languages of the reader's browser, by preference. */
function readerTags() {
  return globalThis.navigator?.languages ?? ["en"];
}

/**
 * The reader's language among these: the one chosen on this page, else the browser's first match.
 * @param {string[]} offered
 * @returns {string | undefined}
 */
export function readersChoice(offered) {
  const tags = [...(known(recall("language")) ? [current] : []), ...readerTags()];
  const names = tags.map((tag) => (/^zh-(hant|tw|hk|mo)\b/i.test(tag) ? "zh-Hant" : tag.split("-")[0].toLowerCase()));
  return names.find((name) => offered.includes(name));
}

export const language = () => current;
export const otherLanguage = () => (current === "en" ? "zh-CN" : "en");

/** @param {string} next */
export function speak(next) {
  current = next;
  remember("language", next);
  changes.dispatchEvent(new Event("change"));
}

/** @param {() => void} listener */
export function onLanguage(listener) {
  changes.addEventListener("change", listener);
}

/**
 * The text under a dotted key, with `{name}` replaced; null when there is none. A number `n` chooses the plural form.
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 * @returns {string | null}
 */
export function find(key, values = {}) {
  /** @type {any} */
  let text = TEXTS[current];
  for (const part of key.split(".")) text = text?.[part];
  if (text && typeof text === "object" && "other" in text) {
    text = text[new Intl.PluralRules(current).select(Number(values.n))] ?? text.other;
  }
  if (typeof text !== "string") return null;
  return text.replace(/\{(\w+)\}/g, (_, name) => {
    const value = values[name];
    return typeof value === "number" ? value.toLocaleString(current) : value;
  });
}

/**
 * The same for a text that must exist: if it is missing, show its key, which a test detects.
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 */
export const t = (key, values) => find(key, values) ?? `[${key}]`;

/**
 * The API answers in English. Returns a known sentence in the page's language, else null.
 * @param {string} sentence
 */
export function translated(sentence) {
  for (const [pattern, template] of TEXTS[current].sentences) {
    const match = pattern.exec(sentence);
    if (match) return template.replace(/\$(\d)/g, (_, group) => match[Number(group)]);
  }
  return null;
}

/** Fill the fixed parts of the page: `data-text` names the text of an element, `data-label` its accessible name. */
export function fill() {
  document.documentElement.lang = current;
  document.documentElement.classList.remove("translate");
  document.title = t("title");
  document.getElementById("other-language")?.setAttribute("lang", otherLanguage());
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-text]"))) {
    element.textContent = t(element.dataset.text ?? "");
  }
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-label]"))) {
    const label = t(element.dataset.label ?? "");
    element.setAttribute("aria-label", label);
    element.title = label;
  }
}
