/** The results: the strength, the drawn values, and the curl commands. */

import { addressOfKind, hasKey, inWords } from "./api.js";
import { announce, byId, copy, el, icon, svg } from "./dom.js";
import { labelOf } from "./form.js";
import { find, onLanguage, t, translated } from "./language.js";
import { FULL, bits, chance, guessing, level, possible } from "./numbers.js";
import { MOST_BYTES, qrCode } from "./qr.js";
import { curlLine } from "./settings.js";

/** @typedef {import("./settings.js").Settings} Settings */
/** @typedef {import("./api.js").Estimate} Estimate */

const words = (done = t("results.copied")) => ({ done, failed: t("results.notCopied") });

/**
 * What is wrong, each once; with the labels of the fields where there is no translation.
 * @param {import("./settings.js").Kind} kind
 * @param {import("./api.js").FieldError[]} errors
 */
const reasons = (kind, errors) =>
  [...new Set(errors.map(({ message }) => {
    const fields = errors.filter((error) => error.message === message).map(({ field }) => labelOf(kind, field));
    return translated(message) ?? `${fields.join(t("comma"))}${t("colon")}${message}`;
  }))].join(t("semicolon"));

/** The strength of the settings: entropy, its level, and the probability of duplicates. */
export class Figures {
  #draw = () => {};

  /** @param {Settings} settings */
  constructor(settings) {
    this.settings = settings;
    onLanguage(() => this.#draw());
  }

  /** Dim the old figures until new ones arrive. */
  wait() {
    byId("figures").setAttribute("aria-busy", "true");
  }

  /** @param {Estimate} figures */
  show(figures) {
    this.#redraw(() => {
      if (figures.possible) this.#strength(figures);
      else this.#without(t("figures.impossible"), reasons(this.settings.kind, figures.errors ?? []));
    });
  }

  /** @param {any} problem */
  fail(problem) {
    this.#redraw(() => this.#without(t("figures.unknown"), inWords(problem)));
  }

  /** @param {() => void} draw */
  #redraw(draw) {
    this.#draw = draw;
    draw();
    byId("figures").removeAttribute("aria-busy");
  }

  /** @param {Estimate} figures */
  #strength({ entropy_bits: entropy, collision_probability: probability }) {
    const count = this.settings.count ?? 0;
    const name = level(entropy);
    const short = t("figures.short", { bits: bits(entropy), level: t(`levels.${name}.name`) });
    byId("figures").classList.remove("without");
    byId("bits").textContent = bits(entropy);
    byId("bits").style.setProperty("--digits", String(bits(entropy).length));
    byId("level").textContent = t(`levels.${name}.name`);
    byId("level-about").textContent = t(`levels.${name}.about`);
    byId("meter-bar").style.setProperty("--share", String(Math.min(1, entropy / FULL)));
    byId("possible").textContent = possible(entropy);
    byId("guessing").textContent = guessing(entropy);
    byId("duplicates").textContent = count === 1 ? t("figures.single") : chance(probability);
    byId("duplicates").classList.toggle("likely", probability >= 0.01 && count > 1);
    this.#summary(short, Math.min(FULL, entropy).toFixed(1), name);
  }

  /**
   * @param {string} title
   * @param {string} reason
   */
  #without(title, reason) {
    byId("figures").classList.add("without");
    byId("figures-title").textContent = title;
    byId("figures-reason").textContent = reason;
    this.#summary(title, "0", "none");
  }

  /**
   * @param {string} text
   * @param {string} now
   * @param {string} name
   */
  #summary(text, now, name) {
    byId("meter").setAttribute("aria-valuenow", now);
    byId("meter").setAttribute("aria-valuetext", text);
    byId("summary").textContent = text;
    for (const part of ["figures", "summary"]) byId(part).dataset.level = name;
  }
}

/** Formats of copied values: one per line, CSV with a header line, or a JSON array. */
const WRITTEN = {
  /** @param {string[]} values */
  lines: (values) => `${values.join("\n")}\n`,
  /** @param {string[]} values */
  csv: (values) => `${["value", ...values.map(csvField)].join("\r\n")}\r\n`,
  /**
   * @param {string[]} values
   * @param {boolean} numbers
   */
  json: (values, numbers) => (numbers ? `[${values.join(",")}]` : JSON.stringify(values)),
};

/** @param {string} value */
const csvField = (value) => (/[",\r\n]|^\s|\s$/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);

/**
 * Values as text: `lines`, `csv` or `json`.
 * @param {keyof typeof WRITTEN} form
 * @param {string[]} values
 * @param {boolean} numbers
 */
export const written = (form, values, numbers) => WRITTEN[form](values, numbers);

/** The drawn values: to copy, to print or to show as a QR code. They exist only on the page. */
export class Results {
  /** @type {string[]} */
  #values = [];
  /** @type {number | undefined} */
  #next;
  /** @type {HTMLElement} */
  list = byId("values");

  /** @param {Settings} settings */
  constructor(settings) {
    this.settings = settings;
    this.list.addEventListener("click", (event) => this.#click(/** @type {Element} */ (event.target).closest("button")));
    this.list.addEventListener("keydown", (event) => this.#move(event));
    for (const button of byId("results").querySelectorAll("[data-copy]")) {
      button.addEventListener("click", () => this.#copyAll(button, button.dataset.copy));
    }
    byId("next").addEventListener("click", () => {
      settings.set("offset", String(this.#next));
      byId("field-offset").value = settings.text("offset");
      byId("generate").focus();
    });
    byId("print").addEventListener("click", () => print());
    byId("qr").addEventListener("click", (/** @type {Event} */ event) => event.target === byId("qr") && byId("qr").close());
    byId("qr-close").addEventListener("click", () => byId("qr").close());
    byId("clear").addEventListener("click", () => {
      this.clear();
      announce(t("results.cleared"));
      byId("generate").focus();
    });
    onLanguage(() => this.#label());
  }

  /**
   * @param {string[]} values
   * @param {number} [next] With a series: the number of the next value.
   */
  show(values, next) {
    this.#values = values;
    this.#next = next;
    const row = (/** @type {string} */ value, /** @type {number} */ place) => {
      const tabindex = place ? "-1" : "0";
      return el("li", {},
        el("button", { type: "button", class: "value", tabindex }, el("code", {}, value), icon("copy"), icon("check")),
        el("button", { type: "button", class: "plain round show-qr", tabindex }, icon("qr")));
    };
    this.list.replaceChildren(...values.map(row));
    byId("results").hidden = false;
    this.list.scrollTop = 0;
    this.#label();
  }

  clear() {
    this.#values = [];
    this.list.replaceChildren();
    byId("results").hidden = true;
  }

  #label() {
    byId("results-title").textContent = t("results.title", { n: this.#values.length });
    byId("campaign").hidden = this.#next === undefined;
    byId("next-text").textContent = t("results.next", { n: this.#next ?? 0 });
    for (const button of this.list.querySelectorAll("button")) {
      button.title = t(button.classList.contains("value") ? "results.copy" : "qr.show");
    }
  }

  /** @param {HTMLButtonElement | null} button */
  #click(button) {
    const row = button?.closest("li");
    if (!button || !row) return;
    this.#stop(row);
    const value = this.#values[[...this.list.children].indexOf(row)];
    if (button.classList.contains("value")) copy(button, value, words());
    else showQr(value);
  }

  /**
   * @param {HTMLElement} button
   * @param {keyof typeof WRITTEN} form
   */
  #copyAll(button, form) {
    const text = written(form, this.#values, this.settings.kind.wholeNumbers);
    copy(button, text, words(t("results.copiedAll", { n: this.#values.length })));
  }

  /**
   * The list is one tab stop; arrow keys move within it.
   * @param {KeyboardEvent} event
   */
  #move(event) {
    const rows = [...this.list.children];
    const from = rows.findIndex((row) => row.contains(document.activeElement));
    /** @type {Record<string, number>} */
    const places = { ArrowDown: from + 1, ArrowUp: from - 1, Home: 0, End: rows.length - 1 };
    if (from < 0 || !(event.key in places)) return;
    event.preventDefault();
    const row = rows[Math.max(0, Math.min(rows.length - 1, places[event.key]))];
    const column = document.activeElement?.classList.contains("show-qr") ? 1 : 0;
    this.#stop(row);
    /** @type {HTMLElement} */ (row.children[column]).focus();
  }

  /** @param {Element} row */
  #stop(row) {
    for (const button of this.list.querySelectorAll("button[tabindex='0']")) button.setAttribute("tabindex", "-1");
    for (const button of row.children) button.setAttribute("tabindex", "0");
  }
}

/** @param {string} value */
function showQr(value) {
  const code = qrCode(value);
  byId("qr-code").replaceChildren(...(code ? [drawn(code)] : []));
  byId("qr-code").hidden = !code;
  byId("qr-text").classList.toggle("code", Boolean(code));
  byId("qr-text").textContent = code ? value : t("qr.tooLong", { n: MOST_BYTES });
  byId("qr").showModal();
}

/**
 * A code as one path, dark squares on white with the quiet zone of four squares that readers need.
 * @param {boolean[][]} code
 */
function drawn(code) {
  const size = code.length + 8;
  const squares = code.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x + 4} ${y + 4}h1v1h-1z` : "")));
  return svg("svg", { viewBox: `0 0 ${size} ${size}`, role: "img", "aria-label": t("qr.title"), "shape-rendering": "crispEdges" },
    svg("rect", { width: String(size), height: String(size), fill: "#fff" }),
    svg("path", { d: squares.join(""), fill: "#000" }));
}

/** The curl commands for the settings. */
export class Shell {
  /** @param {Settings} settings */
  constructor(settings) {
    this.settings = settings;
    for (const name of ["answer", "stream"]) {
      const button = byId(`copy-${name}`);
      button.addEventListener("click", () => copy(button, byId(`curl-${name}`).textContent, words()));
    }
  }

  show() {
    const { settings } = this;
    const { name } = settings.kind;
    byId("line-answer").hidden = settings.downloadOnly;
    byId("curl-answer").textContent = curlLine("curl -s", addressOfKind(name), settings.asked(), hasKey());
    byId("curl-stream").textContent =
      curlLine("curl -fOJ", addressOfKind(name, "stream"), settings.asked({ stream: true }), hasKey());
  }
}

/**
 * The buttons, with the reasons why some are disabled.
 * @param {Settings} settings
 */
export function showActions(settings) {
  const formats = settings.kind.fields.get("format")?.choices ?? [];
  byId("format").replaceChildren(...formats.map((format) =>
    el("option", { value: format, selected: format === settings.get("format") }, find(`formats.${format}`) ?? format)));
  byId("format-hint").textContent = find(`formatHints.${settings.get("format")}`) ?? "";
  const only = settings.downloadOnly;
  byId("actions").classList.toggle("download-only", only);
  byId("generate").setAttribute("aria-disabled", String(only));
  byId("limit").textContent = only ? t("actions.downloadOnly", { n: settings.kind.mostShown }) : "";
}
