// Swagger UI for this instance's openapi.json. No validator badge: it would call an external service.

// Before the first paint: the theme chosen on the page, else the system's. Swagger UI has a dark theme under this class.
const system = matchMedia("(prefers-color-scheme: dark)");
/** @type {string | null} */
let chosen = null;
try {
  chosen = localStorage.getItem("theme");
} catch {
  // Without storage, keep the system's theme.
}
const show = () => document.documentElement.classList.toggle("dark-mode", chosen ? chosen === "dark" : system.matches);
system.addEventListener("change", show);
show();

addEventListener("DOMContentLoaded", () => {
  /** @type {any} */ (globalThis).SwaggerUIBundle({
    url: "../openapi.json",
    dom_id: "#docs",
    deepLinking: true,
    displayRequestDuration: true,
    tryItOutEnabled: true,
    validatorUrl: null,
  });
});
