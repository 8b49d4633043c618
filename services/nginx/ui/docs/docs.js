// Swagger UI on this instance's own description. No validator badge: it would call an outside service.
/** @type {any} */ (globalThis).SwaggerUIBundle({
  url: "../openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  validatorUrl: null,
});
