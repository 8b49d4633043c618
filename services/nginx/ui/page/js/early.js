// Runs before the first paint, so that neither another theme nor another language flashes up.
(() => {
  let language = null;
  try {
    const theme = localStorage.getItem("theme");
    const dark = /** @type {HTMLLinkElement} */ (document.getElementById("dark"));
    if (theme) dark.media = theme === "dark" ? "screen" : "not all";
    language = localStorage.getItem("language");
  } catch {
    // Without storage, keep the system's theme.
  }
  language ??= navigator.languages.find((tag) => /^(en|zh)\b/i.test(tag)) ?? "en";
  const chinese = /^zh\b/i.test(language);
  if (chinese) document.documentElement.classList.add("translate");

  // If a module does not load, none runs: without this, the page would stay empty, in Chinese even invisible.
  addEventListener("error", ({ target }) => {
    if (!(target instanceof HTMLScriptElement)) return;
    const byId = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
    document.documentElement.classList.remove("translate");
    byId("start").hidden = false;
    byId("start-text").textContent = chinese
      ? "页面的一部分未能加载。请检查网络，然后重试。"
      : "A part of this page did not load. Check that you are online, then try again.";
    byId("again").addEventListener("click", () => location.reload());
  }, true);
})();
