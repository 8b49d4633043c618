/** Light and dark: the system's, until a person chooses the other one here. */

import { byId } from "./dom.js";
import { onLanguage, t } from "./language.js";
import { remember } from "./preferences.js";

const system = matchMedia("(prefers-color-scheme: dark)");
const colours = byId("dark");

export function themeSwitch() {
  byId("theme").addEventListener("click", () => choose(isDark() ? "light" : "dark"));
  system.addEventListener("change", label);
  onLanguage(label);
  label();
}

const isDark = () => matchMedia(colours.media).matches;

/** Choosing the system's own theme means to follow the system again. */
function choose(theme) {
  const followSystem = system.matches === (theme === "dark");
  colours.media = followSystem ? system.media : theme === "dark" ? "all" : "not all";
  remember("theme", followSystem ? null : theme);
  label();
}

function label() {
  const next = t(isDark() ? "theme.light" : "theme.dark");
  byId("theme").setAttribute("aria-label", next);
  byId("theme").title = next;
}
