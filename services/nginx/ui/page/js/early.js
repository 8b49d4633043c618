// Runs before the first paint: a theme chosen earlier does not flash, and English does not flash to a Chinese reader.
(() => {
  let language = null;
  try {
    const theme = localStorage.getItem("theme");
    const dark = /** @type {HTMLLinkElement} */ (document.getElementById("dark"));
    if (theme) dark.media = theme === "dark" ? "all" : "not all";
    language = localStorage.getItem("language");
  } catch {
    // Without storage the system's theme stays.
  }
  language ??= navigator.languages.find((tag) => /^(en|zh)\b/i.test(tag)) ?? "en";
  if (/^zh\b/i.test(language)) document.documentElement.classList.add("translate");
})();
