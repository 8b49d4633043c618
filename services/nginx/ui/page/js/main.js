/** Assembles the page. The settings change; all else follows from them. */

import { Estimator, draw, inWords, readKinds, setKey } from "./api.js";
import { announce, byId, notice, released, remember, watchPresses } from "./dom.js";
import { Downloads } from "./downloads.js";
import { Form, kindTabs } from "./form.js";
import { fill, onLanguage, otherLanguage, speak, t, translated } from "./language.js";
import { Figures, Results, Shell, showActions } from "./outcome.js";
import { FORMAT, Settings, readFragment, writeFragment } from "./settings.js";

fill();
onLanguage(fill);
themeSwitch();
watchPresses();
new ResizeObserver(([{ target }]) =>
  document.documentElement.style.setProperty("--bar", `${/** @type {HTMLElement} */ (target).offsetHeight}px`)).observe(byId("actions"));
byId("language").addEventListener("click", () => speak(otherLanguage()));
byId("skip").addEventListener("click", (/** @type {Event} */ event) => {
  // The fragment of the address holds the settings: following the link would replace them.
  event.preventDefault();
  byId("form").focus();
});
byId("key").addEventListener("input", () => setKey(byId("key").value));
byId("key-form").addEventListener("submit", (/** @type {Event} */ event) => event.preventDefault());
await begin();

/** Load the API's description, which the page needs; on failure, show the error and a retry button. */
async function begin() {
  try {
    run(await readKinds());
    byId("work").inert = false;
    document.body.classList.add("ready");
    performance.mark("ready");
  } catch (/** @type {any} */ problem) {
    byId("start").hidden = false;
    byId("start-text").textContent = inWords(problem);
    if (problem.wantsKey) askForKey();
    byId("again").addEventListener("click", () => {
      byId("start").hidden = true;
      begin();
    }, { once: true });
  }
}

/** @param {Map<string, import("./settings.js").Kind>} kinds */
function run(kinds) {
  const settings = new Settings(kinds);
  const left = useAddress();

  kindTabs(settings);
  const form = new Form(byId("form"), settings);
  const figures = new Figures(settings);
  const results = new Results(settings);
  const shell = new Shell(settings);
  const downloads = new Downloads(settings, refused);
  const estimator = new Estimator(
    (answer) => {
      form.fail(answer.errors ?? []);
      figures.show(answer);
      if (outdated) notice(null);
    },
    (problem) => {
      form.fail(problem.errors ?? []);
      figures.fail(problem);
      if (problem.wantsKey) byId("key-panel").open = true;
    },
  );
  /** @type {AbortController | null} */
  let drawing = null;
  let moved = false;
  // Whether the settings changed since the last refusal.
  let outdated = false;

  settings.addEventListener("change", (event) => {
    const anew = /** @type {CustomEvent} */ (event).detail === "layout";
    if (anew) {
      drawing?.abort();
      results.clear();
      notice(null);
    }
    // A new layout makes an entry in the history; typing does not.
    history[anew && !moved ? "pushState" : "replaceState"](null, "", writeFragment(settings));
    follow(anew ? 0 : undefined);
  });
  // Back and forward, or a shared address pasted into this page.
  addEventListener("popstate", () => {
    if (location.hash === writeFragment(settings)) return;
    moved = true;
    const left = useAddress();
    moved = false;
    tellWhatIsLeft(left);
  });
  byId("key").addEventListener("input", () => follow());
  // Generate is the form's submit button, so that Enter in a field generates, too.
  byId("form").addEventListener("submit", generate);
  byId("download").addEventListener("click", () => downloads.start());
  byId("format").addEventListener("change", () => settings.set(FORMAT, byId("format").value));
  onLanguage(() => showActions(settings));
  follow(0);
  tellWhatIsLeft(left);

  function useAddress() {
    const { name, given } = readFragment(location.hash);
    return settings.use(name, given);
  }

  /**
   * Say which settings of the address the form cannot show.
   * @param {string[]} left
   */
  function tellWhatIsLeft(left) {
    if (!left.length) return;
    outdated = false;
    // A link can hold any text: show no more of it than names.
    const names = left.slice(0, 5).map((name) => name.replace(/\W.*/s, "…").slice(0, 30));
    notice(t("problems.link", { names: [...names, ...(left.length > 5 ? ["…"] : [])].join(t("comma")) }));
  }

  /**
   * Update everything that shows the settings.
   * @param {number} [rest]
   */
  function follow(rest) {
    outdated = true;
    showActions(settings);
    shell.show();
    figures.wait();
    estimator.ask(settings, rest);
  }

  async function generate() {
    if (settings.downloadOnly) {
      announce(t("actions.downloadOnly", { n: settings.kind.mostShown }));
      return;
    }
    drawing?.abort();
    const mine = new AbortController();
    drawing = mine;
    byId("generate").setAttribute("aria-busy", "true");
    try {
      const { values, next } = await draw(settings, mine.signal);
      await released();
      mine.signal.throwIfAborted();
      notice(null);
      form.fail([]);
      results.show(values, next);
      announce(t("results.title", { n: values.length }));
      byId("results").scrollIntoView({ block: "nearest" });
    } catch (problem) {
      await released();
      if (!mine.signal.aborted) refused(problem);
    } finally {
      if (drawing === mine) byId("generate").removeAttribute("aria-busy");
    }
  }

  /**
   * Show the API's errors: at the fields that it names, else above the buttons.
   * @param {any} problem
   */
  function refused(problem) {
    outdated = false;
    const elsewhere = form.fail(problem.errors ?? []);
    const rest = elsewhere.map(({ field, message }) => `${field}${t("colon")}${translated(message) ?? message}`);
    notice([inWords(problem), rest.join(t("semicolon"))].filter(Boolean).join(t("gap")));
    if (problem.wantsKey) askForKey();
    else form.focusFirstError();
  }
}

function askForKey() {
  byId("key-panel").open = true;
  byId("key").focus();
}

/** Light or dark: the system's theme, until the user chooses the other one. */
function themeSwitch() {
  const system = matchMedia("(prefers-color-scheme: dark)");
  /** @type {HTMLLinkElement} */
  const colours = byId("dark");
  const isDark = () => matchMedia(colours.media).matches;

  function label() {
    const next = t(isDark() ? "theme.light" : "theme.dark");
    byId("theme").setAttribute("aria-label", next);
    byId("theme").title = next;
  }

  byId("theme").addEventListener("click", () => {
    const theme = isDark() ? "light" : "dark";
    // Choosing the system's theme means following the system again.
    const followSystem = system.matches === (theme === "dark");
    colours.media = followSystem ? system.media : theme === "dark" ? "screen" : "not all";
    remember("theme", followSystem ? null : theme);
    label();
  });
  system.addEventListener("change", label);
  onLanguage(label);
  label();
}
