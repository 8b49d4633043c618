/** Numbers in readable form: the number of values, the time to guess one, the level of strength. */

import { language, t } from "./language.js";

const LOG10_2 = Math.log10(2);
const MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR, YEAR = 365.25 * DAY;

/** Guesses per second of a well-equipped attacker. */
const LOG10_GUESSES = 12;

/**
 * Levels of strength and their fewest bits, from OWASP ASVS 5.0:
 * 20 bits for one-time codes (6.5.4), 64 where guesses are not limited (6.6.3), 112 where a plain hash is enough
 * (6.5.2), 128 for session ids, keys and other secrets (11.5.1).
 * @type {[string, number][]}
 */
const LEVELS = [["key", 128], ["offline", 112], ["online", 64], ["limited", 20], ["weak", 0]];

/** Bits of a full bar: the key length of common ciphers. */
export const FULL = 128;

/**
 * The level of an entropy in bits: weak, limited, online, offline or key.
 * @param {number} entropy
 */
export function level(entropy) {
  // The API's figure is a float: tolerate a rounding error in its last digit.
  const [name] = /** @type {[string, number]} */ (LEVELS.find(([, least]) => entropy + 1e-9 >= least));
  return name;
}

/**
 * @param {number} number
 * @param {Intl.NumberFormatOptions} [options]
 */
export const plain = (number, options) => new Intl.NumberFormat(language(), options).format(number);

/**
 * `95.3`: bits to a tenth.
 * @param {number} value
 */
export const bits = (value) => plain(value, { maximumFractionDigits: 1 });

/**
 * The number of values, from their entropy; exact if it is small.
 * @param {number} entropy
 */
export function possible(entropy) {
  return entropy < 40 ? plain(Math.round(2 ** entropy)) : power(entropy * LOG10_2);
}

/**
 * 10^lg as `3.4 × 10¹²`.
 * @param {number} lg
 */
export function power(lg) {
  const exponent = Math.floor(lg + 1e-9);
  const digits = [...String(exponent)].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)]).join("");
  return `${plain(10 ** (lg - exponent), { maximumFractionDigits: 1 })} × 10${digits}`;
}

/**
 * The average time to guess one value.
 * @param {number} entropy
 */
export function guessing(entropy) {
  const lg = Math.max(0, entropy - 1) * LOG10_2 - LOG10_GUESSES;
  if (lg < 0) return t("figures.atOnce");
  const years = lg - Math.log10(YEAR);
  if (years >= 15) return t("figures.years", { years: power(years) });
  const seconds = 10 ** lg;
  /** @type {[string, number][]} */
  const units = [["year", YEAR], ["day", DAY], ["hour", HOUR], ["minute", MINUTE], ["second", 1]];
  const [unit, size] = units.find(([, each]) => seconds >= each) ?? units[4];
  return spaced(plain(seconds / size, {
    style: "unit", unit, unitDisplay: "long", notation: "compact", compactDisplay: "long", maximumSignificantDigits: 2,
  }));
}

/**
 * The probability of duplicates: a percentage or, if small, one in so many.
 * @param {number} probability
 */
export function chance(probability) {
  if (probability === 0) return t("figures.none");
  if (probability === 1) return t("figures.certain");
  // Do not round up to 100 %.
  if (probability > 0.999) return t("figures.over", { share: plain(0.999, { style: "percent", maximumFractionDigits: 1 }) });
  if (probability >= 0.01) return plain(probability, { style: "percent", maximumFractionDigits: 1 });
  const lg = -Math.log10(probability);
  return t("figures.oneIn", { many: lg < 9 ? plain(Math.round(10 ** lg)) : power(lg) });
}

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];

/**
 * `170 MB`, in powers of 1000 as file managers count.
 * @param {number} bytes
 */
export function size(bytes) {
  const step = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  return plain(bytes / 1000 ** step, { style: "unit", unit: UNITS[step], unitDisplay: "short", maximumSignificantDigits: 3 });
}

/** @param {number} count */
export const seconds = (count) => spaced(plain(Math.ceil(count), { style: "unit", unit: "second", unitDisplay: "short" }));

/**
 * The text with a space between a number and a Chinese unit: `12 秒`.
 * @param {string} text
 */
const spaced = (text) => text.replace(/(\d)(?=\p{Script=Han})/u, "$1 ");
