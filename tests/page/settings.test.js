import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { nextCode } from "../../services/nginx/ui/page/js/downloads.js";
import { stepped } from "../../services/nginx/ui/page/js/form.js";
import {
  PRESETS, Settings, asJson, asQuery, curlLine, groupsOf, quoted, readFragment, waysOf, writeFragment,
} from "../../services/nginx/ui/page/js/settings.js";
import { kinds } from "./helpers.js";

const from = (fragment) => {
  const settings = new Settings(kinds());
  const { name, given } = readFragment(fragment);
  settings.use(name, given);
  return settings;
};

test("every field is in one group of each way, and none is in the last group", () => {
  for (const kind of kinds().values()) {
    const shown = new Set(["format"]);
    for (const way of waysOf(kind)) {
      const names = groupsOf(kind, way).flatMap(({ fields }) => fields.map(({ name }) => name));
      assert.equal(new Set(names).size, names.length, `${kind.name}, ${way}`);
      for (const name of names) shown.add(name);
      assert.ok(!groupsOf(kind, way).some(({ name }) => name === "more"), `a new field of ${kind.name}`);
    }
    assert.deepEqual(shown, new Set(kind.fields.keys()));
  }
});

test("the next code of a campaign is known after a download", () => {
  assert.equal(nextCode(from("#strings?count=5000&series=spring&offset=300")), 5300);
  assert.equal(nextCode(from("#strings?count=5000")), null);
  assert.equal(nextCode(from("#tokens?count=5000")), null);
});

test("a field that is new to the page is shown in the last group", () => {
  const kind = kinds().get("tokens");
  kind.fields.set("colour", { ...kind.fields.get("prefix"), name: "colour" });
  const last = groupsOf(kind, "").pop();
  assert.deepEqual([last.name, last.fields.map(({ name }) => name)], ["more", ["colour"]]);
});

test("a fragment is read and written unchanged, without default values", () => {
  for (const fragment of [
    "#strings", "#strings?length=12&count=7&special=true", "#strings?pattern=?d?d&count=2", "#tokens?bits=128",
    "#strings?regex=a%7B2,%7Db?&length=3", "#passphrases?language=zh&separator=", "#integers?min=-5&max=5&unique=true",
  ]) assert.equal(writeFragment(from(fragment)), fragment);
  assert.equal(writeFragment(from("#strings?length=&digits=true&count=1")), "#strings");
});

test("a malformed fragment does no harm", () => {
  for (const odd of ["#nosuch?length=3", "#%", "#?&&=", "", "#strings?nosuch=1&checksum=nosuch&digits=perhaps"]) {
    assert.match(writeFragment(from(odd)), /^#strings(\?(digits=false|length=3))?$/);
  }
});

test("the names that a fragment sets in vain are known", () => {
  for (const [fragment, ...left] of [
    ["#strings?nosuch=1&checksum=nosuch&digits=perhaps&length=9", "nosuch", "checksum", "digits"],
    ["#nosuch?length=3", "nosuch"],
    ["#strings?pattern=?d&length=5&upper=true&format=csv", "length"],
    ["#strings?digits=0&lower=true&special=1&length=x&count="],
    ["#tokens?bits=64&bytes=5"],
    ["#?&&="],
    [""],
  ]) {
    const { name, given } = readFragment(fragment);
    assert.deepEqual(new Settings(kinds()).use(name, given), left, fragment);
  }
  assert.equal(writeFragment(from("#strings?digits=0&special=1")), "#strings?digits=false&special=true");
});

test("numbers keep their digits, and invalid numbers are left for the API to refuse", () => {
  const settings = from(`#integers?min=${"9".repeat(40)}&max=x`);
  assert.equal(asJson(settings.asked()), `{"min":${"9".repeat(40)},"max":"x"}`);
});

test("a replaced field is not sent", () => {
  const settings = from("#strings?length=5&bits=128");
  assert.equal(settings.isReplaced("length"), true);
  assert.equal(asJson(settings.asked()), '{"bits":128}');
});

test("switching to another way clears fields that would limit it", () => {
  const settings = from("#strings?alphabet=ab");
  settings.switchTo("regex");
  assert.equal(settings.get("alphabet"), "");
  assert.notEqual(settings.get("regex"), "");
  settings.switchTo("classes");
  assert.equal(writeFragment(settings), "#strings");
});

test("more values than one answer holds can only be downloaded", () => {
  assert.equal(from("#uuids?count=1000").downloadOnly, false);
  assert.equal(from("#uuids?count=1001").downloadOnly, true);
  assert.equal(from("#uuids?count=x").downloadOnly, false);
});

test("every preset uses only fields of the API", () => {
  for (const [name, { kind, given }] of Object.entries(PRESETS)) {
    const settings = new Settings(kinds());
    settings.use(kind, new Map(Object.entries(given)));
    const asked = new Map(settings.asked().map(([field, value]) => [field.name, value]));
    assert.deepEqual(asked, new Map(Object.entries(given)), name);
  }
});

test("a query is escaped for an address", () => {
  const [[field]] = from("#strings?prefix=x").asked();
  assert.equal(asQuery([[field, "a b&c=d#é😀'()*!?/:@,"]]), "prefix=a%20b%26c%3Dd%23%C3%A9%F0%9F%98%80%27%28%29%2A%21?/:@,");
  assert.equal(asQuery([[field, "half \ud83d"]]), "prefix=half%20%EF%BF%BD");
});

test("a shell reads the quoted text unchanged", () => {
  for (const text of ["it's", "$HOME `id` \"\\", "'; echo oops; '", "", "two\nlines"]) {
    assert.equal(execFileSync("sh", ["-c", `printf %s ${quoted(text)}`], { encoding: "utf8" }), text);
  }
});

test("a long query becomes a body, and a key appears only as a variable", () => {
  const asked = from(`#strings?prefix=${"a".repeat(1990)}`).asked();
  assert.match(curlLine("curl -s", "http://host/api", asked, true), / -d '\{"prefix":"a+"\}' -H "Authorization: Bearer \$API_KEY"$/);
});

test("steps stay within the limits of a field", () => {
  const field = { minimum: 1, maximum: 20, example: 16 };
  assert.equal(stepped("5", 1n, field), "6");
  assert.equal(stepped("20", 10n, field), "20");
  assert.equal(stepped("1", -1n, field), "1");
  assert.equal(stepped("", 1n, field), "17");
  assert.equal(stepped("", 1n, { ...field, example: null }), "1");
  assert.equal(stepped("x", 1n, { minimum: null, maximum: null, example: null }), "1");
  assert.equal(stepped("9".repeat(30), 1n, { minimum: null, maximum: null, example: null }), `1${"0".repeat(30)}`);
});
