// Runs before the first paint, so that neither another theme nor another language flashes up.
(() => {
  let language = null;
  try {
    const theme = localStorage.getItem("theme");
    const dark = /** @type {HTMLLinkElement} */ (document.getElementById("dark"));
    if (theme) dark.media = theme === "dark" ? "all" : "not all";
    language = localStorage.getItem("language");
  } catch {
    // Without storage, keep the system's theme.
  }
  language ??= navigator.languages.find((tag) => /^(en|zh)\b/i.test(tag)) ?? "en";
  if (/^zh\b/i.test(language)) document.documentElement.classList.add("translate");
})();
