import assert from "node:assert/strict";
import { test } from "node:test";
import { speak } from "../../services/nginx/ui/page/js/language.js";
import { bits, chance, guessing, level, possible, seconds, size } from "../../services/nginx/ui/page/js/numbers.js";

test("levels start at the bits that ASVS names", () => {
  const levels = [0, 19.9, 20, 63.9, 64, 111.9, 112, 127.9, 128, 8192].map(level);
  assert.deepEqual(levels, [
    "weak", "weak", "limited", "limited", "online", "online", "offline", "offline", "key", "key",
  ]);
  // Rounding of floats must not turn 128 bits into less.
  assert.equal(level(127.99999999999999), "key");
});

test("small numbers are shown exactly, large ones as powers", () => {
  assert.equal(bits(95.2671), "95.3");
  assert.equal(possible(Math.log2(1_000_000)), "1,000,000");
  assert.equal(possible(128), "3.4 × 10³⁸");
});

test("the time to guess one value is shown in words", () => {
  assert.equal(guessing(20), "under a second");
  assert.equal(guessing(65), "210 days");
  assert.match(guessing(128), /^5\.4 × 10¹⁸ years$/);
  assert.equal(guessing(0), "under a second");
});

test("the chance of duplicates is never shown as certain or impossible when it is not", () => {
  assert.equal(chance(0), "none");
  assert.equal(chance(1), "certain");
  assert.equal(chance(0.9999), "over 99.9%");
  assert.equal(chance(0.393), "39.3%");
  assert.equal(chance(1e-3), "1 in 1,000");
  assert.equal(chance(1e-12), "1 in 1 × 10¹²");
});

test("sizes use powers of 1000", () => {
  assert.equal(size(13_000_000), "13 MB");
  assert.equal(size(999), "999 byte");
});

test("numbers follow the page's language", () => {
  speak("zh-CN");
  assert.equal(guessing(65), "210 天");
  assert.equal(guessing(90), "2000 万年");
  assert.equal(seconds(11.5), "12 秒");
  speak("en");
});
