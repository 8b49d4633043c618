import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { Estimator, Problem, draw, inWords, readKinds } from "../../services/nginx/ui/page/js/api.js";
import { t } from "../../services/nginx/ui/page/js/language.js";
import { Settings } from "../../services/nginx/ui/page/js/settings.js";
import { kinds } from "./helpers.js";

const PART = '{"data":["abc';
let status = 200, length = 1000;
/** Sends a part of each answer, then cuts the connection. */
const server = createServer((_, answer) => {
  answer.writeHead(status, { "Content-Length": length, "Content-Type": "application/json" });
  answer.write(PART, () => answer.destroy());
});

before(async () => {
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  globalThis.document = { baseURI: `http://127.0.0.1:${server.address().port}/ui/` };
});
after(() => server.close());

const { signal } = new AbortController();

const drawn = () => draw(new Settings(kinds()), signal);

for (const [what, call, sent, promised] of [
  ["values are", drawn, 200, 1000],
  ["values, unnoticed by the browser, are", drawn, 200, PART.length],
  ["an error is", drawn, 422, 1000],
  ["the description is", readKinds, 200, 1000],
  ["an estimate is", () => new Promise((done, failed) => new Estimator(done, failed).ask(new Settings(kinds()), 0)), 200, 1000],
]) {
  test(`when ${what} cut off, the connection failed`, async () => {
    [status, length] = [sent, promised];
    const problem = await call().then(() => assert.fail("no failure"), (error) => error);
    assert.ok(problem instanceof Problem, problem);
    assert.equal(inWords(problem), t("problems.network"));
  });
}

test("a cancelled call does not report a failed connection", async () => {
  const abort = new AbortController();
  const cancelled = draw(new Settings(kinds()), abort.signal);
  abort.abort();
  await assert.rejects(cancelled, { name: "AbortError" });
});
