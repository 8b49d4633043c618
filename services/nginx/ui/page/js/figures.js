/** The figures of what is set: entropy, what it means, and the chance of duplicates. */

import { byId } from "./dom.js";
import { onLanguage, t, translated } from "./language.js";
import { bits, chance, guessing, possible } from "./numbers.js";
import { inWords } from "./problem.js";

/** A full bar: as strong as the keys of today's ciphers. */
const FULL = 128;

export class Figures {
  #draw = () => {};

  constructor(settings) {
    this.settings = settings;
    onLanguage(() => this.#draw());
  }

  /** Wait for new ones: the old stay, paler. */
  wait() {
    byId("figures").setAttribute("aria-busy", "true");
  }

  show(figures) {
    this.#redraw(() => {
      if (figures.possible) this.#strength(figures);
      else this.#without(t("figures.impossible"), translated(figures.reason) ?? figures.reason);
    });
  }

  fail(problem) {
    this.#redraw(() => this.#without(t("figures.unknown"), inWords(problem)));
  }

  #redraw(draw) {
    this.#draw = draw;
    draw();
    byId("figures").removeAttribute("aria-busy");
  }

  #strength({ entropy_bits: entropy, collision_probability: probability }) {
    const { count } = this.settings;
    byId("figures").classList.remove("without");
    byId("bits").textContent = bits(entropy);
    byId("bits-short").textContent = t("figures.short", { bits: bits(entropy) });
    byId("meter").setAttribute("aria-valuenow", Math.min(FULL, entropy).toFixed(1));
    byId("meter").setAttribute("aria-valuetext", t("figures.short", { bits: bits(entropy) }));
    byId("meter-bar").style.setProperty("--share", String(Math.min(1, entropy / FULL)));
    byId("possible").textContent = possible(entropy);
    byId("guessing").textContent = guessing(entropy);
    byId("duplicates").textContent = count === 1 ? t("figures.single") : chance(probability);
    byId("duplicates").classList.toggle("likely", probability >= 0.01 && count > 1);
  }

  #without(title, reason) {
    byId("figures").classList.add("without");
    byId("figures-title").textContent = title;
    byId("figures-reason").textContent = reason;
    byId("bits-short").textContent = title;
    byId("meter").setAttribute("aria-valuenow", "0");
    byId("meter").setAttribute("aria-valuetext", title);
  }
}
