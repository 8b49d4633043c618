/** Elements, the clipboard, screen reader messages, and browser storage. Text is always set as text, never as markup. */

const SVG = "http://www.w3.org/2000/svg";

/** Milliseconds for which a button shows its success. */
const SHOWN = 1400;

/**
 * The element of index.html with this id.
 * @param {string} id
 * @returns {any} The element's type depends on index.html.
 */
export const byId = (id) => document.getElementById(id);

/**
 * An element with attributes (`on…` adds a listener; false, null and undefined leave an attribute out) and children.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, any>} [attributes]
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(.../** @type {(Node | string)[]} */ (children.filter((child) => child || child === "")));
  return made;
}

/**
 * An SVG element with attributes and children.
 * @param {string} tag
 * @param {Record<string, string>} attributes
 * @param {...Node} children
 */
export function svg(tag, attributes, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/**
 * An icon of index.html; screen readers skip it.
 * @param {string} name
 */
export const icon = (name) => svg("svg", { class: `icon ${name}`, "aria-hidden": "true" }, svg("use", { href: `#icon-${name}` }));

/** Most milliseconds that a press delays answers: after it opened a menu, the page may not get the release. */
const LONGEST_PRESS = 1000;

/** Milliseconds within which the click of a tap follows its release. */
const TAP = 50;

/** The current or last press of a pointer. */
let press = Promise.resolve();

/** Follow the pointer's presses, for `released`. */
export function watchPresses() {
  let over = () => {};
  addEventListener("pointerdown", () => {
    press = new Promise((done) => {
      over = done;
      setTimeout(done, LONGEST_PRESS);
    });
  }, true);
  addEventListener("click", () => setTimeout(over), true);
  for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => setTimeout(over, TAP), true);
}

/**
 * Resolves when no pointer is pressed. Await this before an answer changes the page: if a button moves between press and
 * release, the browser drops the click.
 */
export const released = () => press;

/**
 * Announces a visible change to screen readers.
 * @param {string} text
 */
export function announce(text) {
  const region = byId("status");
  // Empty the region first, so that a repeated sentence is announced again.
  region.textContent = "";
  requestAnimationFrame(() => {
    region.textContent = text;
  });
}

/**
 * Shows above the buttons why something did not happen (null: nothing to show); screen readers announce it.
 * @param {string | null} text
 */
export function notice(text) {
  byId("notice").textContent = text ?? "";
  byId("notice").hidden = text === null;
  document.documentElement.classList.toggle("noticed", text !== null);
}

/**
 * Copies a text, announces that, and shows it on the button.
 * @param {HTMLElement} button
 * @param {string} text
 * @param {{done: string, failed: string}} words
 */
export async function copy(button, text, words) {
  const copied = await toClipboard(text);
  if (copied) {
    announce(words.done);
    if (byId("notice").textContent === words.failed) notice(null);
  } else notice(words.failed);
  button.classList.toggle("done", copied);
  setTimeout(() => button.classList.remove("done"), SHOWN);
}

/** @param {string} text */
async function toClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Over plain HTTP, browsers have no clipboard API. A selection can still be copied.
    return copySelected(text);
  }
}

/** @param {string} text */
function copySelected(text) {
  const before = document.activeElement;
  const area = el("textarea", { class: "aside" });
  area.value = text;
  (byId("qr").open ? byId("qr") : document.body).append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (before instanceof HTMLElement) before.focus({ preventScroll: true });
  return done;
}

/**
 * An earlier choice of language or theme in this browser; null if there is none or storage is forbidden.
 * @param {string} name
 */
export function recall(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

/**
 * @param {string} name
 * @param {string | null} value
 */
export function remember(name, value) {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, value);
  } catch {
    // Without storage, the choice lasts until the page is closed.
  }
}
