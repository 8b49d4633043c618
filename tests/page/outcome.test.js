import assert from "node:assert/strict";
import { test } from "node:test";
import { Problem, inWords } from "../../services/nginx/ui/page/js/api.js";
import { find, readersChoice, speak, t, translated } from "../../services/nginx/ui/page/js/language.js";
import en from "../../services/nginx/ui/page/js/texts/en.js";
import zh from "../../services/nginx/ui/page/js/texts/zh.js";
import { qrCode } from "../../services/nginx/ui/page/js/qr.js";

const flat = (texts, at = "") => {
  if (typeof texts === "string") return [[at, [...new Set(texts.match(/{\w+}/g))].sort().join()]];
  if ("other" in texts) return flat(texts.other, at);
  return Object.entries(texts).filter(([key]) => key !== "sentences").flatMap(([key, text]) => flat(text, `${at}.${key}`));
};

test("both languages have the same texts with the same placeholders", () => {
  assert.deepEqual(Object.fromEntries(flat(zh)), Object.fromEntries(flat(en)));
  assert.ok(flat(en).length > 150);
});

test("plurals and numbers follow the language", () => {
  assert.equal(t("results.title", { n: 1 }), "1 value");
  assert.equal(t("results.title", { n: 1000 }), "1,000 values");
  assert.equal(t("no.such.text"), "[no.such.text]");
  assert.equal(find("no.such.text"), null);
});

test("known sentences of the API are translated", () => {
  speak("zh-CN");
  assert.equal(translated("must be a whole number from 1 to 64"), "必须是 1 到 64 之间的整数");
  assert.match(translated("705 bits need 65 words of this list, and at most 64 are allowed"), /705 .* 65 .* 64/);
  const left = "the series has 260 values, of which 3 are left from offset 257 on";
  assert.match(translated(left), /260 .* 257 .* 3 /);
  assert.equal(translated("something new"), null);
  speak("en");
});

test("problems are explained in words", () => {
  assert.equal(inWords(new Problem({ status: 429, retryAfter: 1 })), "Too many requests from this address or with this API key. Try again in 1 second.");
  assert.equal(inWords(new Problem({ status: 503 })), "The server is busy or still starting. Try again in a moment.");
  assert.match(inWords(new Problem({ status: 500, requestId: "abc" })), /abc/);
  assert.equal(inWords(new Problem({ status: 422, errors: [{ field: "a", message: "b" }] })), "One field needs a different value.");
  assert.match(inWords(new Error("oops")), /oops/);
  speak("zh-CN");
  assert.equal(inWords(new Problem({ status: 429, retryAfter: 1 })), "来自此 IP 地址或使用此 API 密钥的请求过多。请在 1 秒后重试。");
  speak("en");
});

test("passphrases default to the reader's language", () => {
  const lists = ["en", "en-short", "zh", "zh-Hant", "fr"];
  const read = (...languages) => {
    Object.defineProperty(globalThis, "navigator", { value: { languages }, configurable: true });
    return readersChoice(lists);
  };
  assert.equal(read("zh-CN", "en"), "zh");
  assert.equal(read("zh-TW", "zh"), "zh-Hant");
  assert.equal(read("fr-CH", "en"), "fr");
  assert.equal(read("de-DE", "en-GB"), "en");
  assert.equal(read("de"), undefined);
});

test("a QR code is refused when the text is too long", () => {
  assert.equal(qrCode("a".repeat(667)), null);
  assert.equal(qrCode("é".repeat(333)).length, 97);
});
