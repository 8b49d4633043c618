/** Elements, the clipboard, spoken messages, and what this browser remembers. Text is only ever set as text, never as markup. */

const SVG = "http://www.w3.org/2000/svg";

/** Milliseconds for which a button shows that it copied. */
const SHOWN = 1400;

/**
 * The element with this id, which index.html has.
 * @param {string} id
 * @returns {any} Of the element's own type, which index.html alone decides.
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
 * A drawing of index.html; screen readers skip it.
 * @param {string} name
 */
export const icon = (name) => svg("svg", { class: `icon ${name}`, "aria-hidden": "true" }, svg("use", { href: `#icon-${name}` }));

/**
 * Tells a screen reader what the eye sees happen.
 * @param {string} text
 */
export function announce(text) {
  const region = byId("status");
  // The same sentence twice is two events: a region that was emptied makes the second one heard.
  region.textContent = "";
  requestAnimationFrame(() => {
    region.textContent = text;
  });
}

/**
 * Copies a text, says so, and shows it on the button.
 * @param {HTMLElement} button
 * @param {string} text
 * @param {{done: string, failed: string}} words
 */
export async function copy(button, text, words) {
  const copied = await toClipboard(text);
  announce(copied ? words.done : words.failed);
  button.classList.toggle("done", copied);
  setTimeout(() => button.classList.remove("done"), SHOWN);
}

/** @param {string} text */
async function toClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Over plain HTTP there is no clipboard for pages. A selection can still be copied.
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
 * What a person chose in this browser before: language and theme, nothing else. Null where storage is forbidden.
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
    // It then holds until the page is closed.
  }
}
