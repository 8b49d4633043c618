/** The page, put together. Settings change; everything else follows from them. */

import { announce } from "./announce.js";
import { FORMAT } from "./arrangement.js";
import { byId, el } from "./dom.js";
import { draw } from "./draw.js";
import { Downloads } from "./downloads.js";
import { Estimator } from "./estimate.js";
import { Figures } from "./figures.js";
import { Form } from "./form.js";
import { readFragment, writeFragment } from "./fragment.js";
import { setKey } from "./key.js";
import { KindChoice } from "./kind_choice.js";
import { fill, find, onLanguage, otherLanguage, speak, t } from "./language.js";
import { inWords } from "./problem.js";
import { Results } from "./results.js";
import { readKinds } from "./schema.js";
import { Settings } from "./settings.js";
import { Shell } from "./shell.js";
import { themeSwitch } from "./theme.js";

fill();
onLanguage(() => fill());
themeSwitch();
byId("language").addEventListener("click", () => speak(otherLanguage()));
byId("key").addEventListener("input", ({ target }) => setKey(target.value));
byId("key-form").addEventListener("submit", (event) => event.preventDefault());
await begin();

/** Nothing works without the API's description of itself: when it cannot be had, say so, and try again when asked to. */
async function begin() {
  try {
    run(await readKinds());
    document.body.classList.add("ready");
  } catch (problem) {
    byId("start").hidden = false;
    byId("start-text").textContent = inWords(problem);
    if (problem.wantsKey) askForKey();
    byId("again").addEventListener("click", () => {
      byId("start").hidden = true;
      begin();
    }, { once: true });
  }
}

function run(kinds) {
  const settings = new Settings(kinds);
  const { name, given } = readFragment(location.hash);
  settings.use(name, given);

  const choice = new KindChoice(settings);
  const form = new Form(byId("form"), settings);
  const figures = new Figures(settings);
  const results = new Results();
  const shell = new Shell(settings);
  const downloads = new Downloads(settings, (problem) => refused(problem));
  const estimator = new Estimator(
    (answer) => {
      form.fail(answer.errors ?? []);
      figures.show(answer);
      notice(null);
    },
    (problem) => {
      form.fail(problem.errors ?? []);
      figures.fail(problem);
      if (problem.wantsKey) byId("key-panel").open = true;
    },
  );
  let drawing = null;
  let moved = false;

  settings.addEventListener("change", ({ detail }) => {
    if (detail === "layout") {
      drawing?.abort();
      results.clear();
      notice(null);
    }
    // A new beginning can be gone back from; what is typed is no step of its own.
    history[detail === "layout" && !moved ? "pushState" : "replaceState"](null, "", writeFragment(settings));
    follow(detail === "layout" ? 0 : undefined);
  });
  // Back and forward, or a shared address pasted into this page.
  addEventListener("popstate", () => {
    if (location.hash === writeFragment(settings)) return;
    const { name, given } = readFragment(location.hash);
    moved = true;
    settings.use(name, given);
    moved = false;
  });
  byId("key").addEventListener("input", () => follow());
  byId("generate").addEventListener("click", generate);
  byId("form").addEventListener("submit", generate);
  byId("download").addEventListener("click", () => downloads.start());
  byId("format").addEventListener("change", ({ target }) => settings.set(FORMAT, target.value));
  onLanguage(actions);
  follow(0);

  /** Everything that shows what is set. */
  function follow(rest) {
    actions();
    shell.show();
    figures.wait();
    estimator.ask(settings, rest);
  }

  function actions() {
    const formats = settings.kind.fields.get(FORMAT).choices;
    byId("format").replaceChildren(...formats.map((format) =>
      el("option", { value: format, selected: format === settings.get(FORMAT) }, find(`formats.${format}`) ?? format)));
    byId("format-hint").textContent = find(`formatHints.${settings.get(FORMAT)}`) ?? "";
    const only = settings.downloadOnly;
    byId("actions").classList.toggle("download-only", only);
    byId("generate").setAttribute("aria-disabled", String(only));
    byId("limit").textContent = only ? t("actions.downloadOnly", { n: settings.kind.mostShown }) : "";
  }

  async function generate() {
    if (settings.downloadOnly) {
      announce(t("actions.downloadOnly", { n: settings.kind.mostShown }));
      return;
    }
    drawing?.abort();
    const mine = (drawing = new AbortController());
    byId("generate").setAttribute("aria-busy", "true");
    try {
      const values = await draw(settings, mine.signal);
      notice(null);
      form.fail([]);
      results.show(values);
      announce(t("results.title", { n: values.length }));
      byId("results").scrollIntoView({ block: "nearest" });
    } catch (problem) {
      if (!mine.signal.aborted) refused(problem);
    } finally {
      if (drawing === mine) byId("generate").removeAttribute("aria-busy");
    }
  }

  /** What the API said no to: at the fields, where it named them, else above the buttons. */
  function refused(problem) {
    const elsewhere = form.fail(problem.errors ?? []);
    const rest = elsewhere.map(({ field, message }) => `${field}: ${message}`);
    notice([inWords(problem), ...rest].join(" "));
    if (problem.wantsKey) askForKey();
    else form.focusFirstError();
  }
}

function notice(text) {
  byId("notice").textContent = text ?? "";
  byId("notice").hidden = text === null;
}

function askForKey() {
  byId("key-panel").open = true;
  byId("key").focus();
}
