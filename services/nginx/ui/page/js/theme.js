/** Light and dark: the system's, until a person chooses the other one here. */

import { byId } from "./dom.js";
import { onLanguage, t } from "./language.js";
import { remember } from "./preferences.js";

const system = matchMedia("(prefers-color-scheme: dark)");

export function themeSwitch() {
  byId("theme").addEventListener("click", () => choose(shown() === "dark" ? "light" : "dark"));
  system.addEventListener("change", label);
  onLanguage(label);
  label();
}

const shown = () => document.documentElement.dataset.theme ?? (system.matches ? "dark" : "light");

function choose(theme) {
  const same = theme === (system.matches ? "dark" : "light");
  if (same) delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  remember("theme", same ? null : theme);
  label();
}

function label() {
  const next = t(shown() === "dark" ? "theme.light" : "theme.dark");
  byId("theme").setAttribute("aria-label", next);
  byId("theme").title = next;
}
