/** Numbers for people: how many values there are, how long guessing takes, how likely duplicates are. */

import { language, t } from "./language.js";

const LOG10_2 = Math.log10(2);
const MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR, YEAR = 365.25 * DAY;

/** What a well-equipped attacker tries in a second, to say what bits mean. */
const LOG10_GUESSES = 12;

export const plain = (number, options) => new Intl.NumberFormat(language(), options).format(number);

/** `95.3`: bits to a tenth, or as many as tell it from nothing. */
export const bits = (value) => plain(value, { maximumFractionDigits: 1 });

/** How many values there are, from their entropy: exactly what it was rounded from where it is small. */
export function possible(entropy) {
  return entropy < 40 ? plain(Math.round(2 ** entropy)) : power(entropy * LOG10_2);
}

/** 10^lg as `3.4 × 10¹²`. */
export function power(lg) {
  const exponent = Math.floor(lg + 1e-9);
  const digits = [...String(exponent)].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit]).join("");
  return `${plain(10 ** (lg - exponent), { maximumFractionDigits: 1 })} × 10${digits}`;
}

/** How long it takes, on average, to guess one value. */
export function guessing(entropy) {
  const lg = Math.max(0, entropy - 1) * LOG10_2 - LOG10_GUESSES;
  if (lg < 0) return t("figures.atOnce");
  const years = lg - Math.log10(YEAR);
  if (years >= 15) return t("figures.years", { years: power(years) });
  const seconds = 10 ** lg;
  const [unit, size] = [["year", YEAR], ["day", DAY], ["hour", HOUR], ["minute", MINUTE], ["second", 1]].find(([, each]) => seconds >= each);
  return duration(seconds / size, unit);
}

function duration(number, unit) {
  return plain(number, { style: "unit", unit, unitDisplay: "long", notation: "compact", compactDisplay: "long", maximumSignificantDigits: 2 });
}

/** The chance of duplicates: a percentage while one can picture it, then one in so many. */
export function chance(probability) {
  if (probability === 0) return t("figures.none");
  if (probability === 1) return t("figures.certain");
  // Just below certain it must not look certain.
  if (probability > 0.999) return t("figures.over", { share: plain(0.999, { style: "percent", maximumFractionDigits: 1 }) });
  if (probability >= 0.01) return plain(probability, { style: "percent", maximumFractionDigits: 1 });
  const lg = -Math.log10(probability);
  return t("figures.oneIn", { many: lg < 9 ? plain(Math.round(10 ** lg)) : power(lg) });
}

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];

/** `170 MB`, in powers of 1000 as file managers count. */
export function size(bytes) {
  const step = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  return plain(bytes / 1000 ** step, { style: "unit", unit: UNITS[step], unitDisplay: "short", maximumSignificantDigits: 3 });
}

export const seconds = (count) => plain(Math.ceil(count), { style: "unit", unit: "second", unitDisplay: "short" });
