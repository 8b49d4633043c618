/** Calls to this instance's API, and its description. Every failure is a Problem, except a requested abort. */

import { released } from "./dom.js";
import { t, translated } from "./language.js";
import { asJson } from "./settings.js";

/** @typedef {import("./settings.js").Settings} Settings */
/** @typedef {import("./settings.js").Kind} Kind */
/** @typedef {import("./settings.js").Field} Field */
/** @typedef {{field: string, message: string}} FieldError */
/** @typedef {{possible: boolean, errors?: FieldError[], entropy_bits: number, collision_probability: number}} Estimate */

const ESTIMATED = /^\/api\/v1\/([a-z]+)\/estimate$/;
const JSON_TYPE = "application/json";

/** Milliseconds without input before an estimate is requested; short enough to feel live. */
const REST = 120;

/** The API key: kept in memory only. */
let key = "";

/** @param {string} text */
export const setKey = (text) => {
  key = text.trim();
};

export const hasKey = () => key !== "";

/**
 * The full URL of a path of this instance, under any path prefix of another proxy; this page is at `ui/` there.
 * @param {string} path
 */
const addressOf = (path) => new URL(`../${path}`, document.baseURI).href;

/**
 * The URL of a kind's resource: its values, `estimate` or `stream`.
 * @param {string} kind
 * @param {string} [resource]
 */
export const addressOfKind = (kind, resource = "") => addressOf(`api/v1/${kind}${resource && `/${resource}`}`);

/** An error response (RFC 9457), or no response (status 0). */
export class Problem extends Error {
  /** @param {{status?: number, detail?: string, errors?: FieldError[], requestId?: string, retryAfter?: number | null}} told */
  constructor({ status = 0, detail = "", errors = [], requestId = "", retryAfter = null }) {
    super(detail || "no answer");
    this.status = status;
    this.errors = errors;
    this.requestId = requestId;
    this.retryAfter = retryAfter;
  }

  /** Whether the server requires a key. */
  get wantsKey() {
    return this.status === 401;
  }
}

/**
 * One or two sentences for the user: the error and its fix.
 * @param {any} problem
 */
export function inWords(problem) {
  if (!(problem instanceof Problem)) return t("problems.page", { reason: String(problem?.message ?? problem) });
  const { status, retryAfter, requestId } = problem;
  const when = retryAfter ? t("problems.retry", { n: retryAfter }) : t("problems.retrySoon");
  if (status === 0) return t("problems.network");
  if (status === 401) return t("problems.key");
  if (status === 403) return t("problems.forbidden");
  if (status === 429) return [t("problems.tooMany"), when].join(t("gap"));
  if (status === 502 || status === 503 || status === 504) return [t("problems.notReady"), when].join(t("gap"));
  if (status >= 500) return t("problems.server", { id: requestId });
  if (problem.errors.length) return t("problems.fields", { n: problem.errors.length });
  return translated(problem.message) ?? problem.message;
}

/**
 * What to do when a call or the reading of its answer fails: the connection did, unless the caller aborted it.
 * @param {AbortSignal} [signal]
 * @returns {(error: any) => never}
 */
export const lost = (signal) => (error) => {
  throw signal?.aborted ? error : new Problem({});
};

/**
 * GET, or POST where there is a body (JSON, as text).
 * @param {string} address
 * @param {{body?: string, signal?: AbortSignal}} [options]
 */
export async function call(address, { body, signal } = {}) {
  /** @type {Record<string, string>} */
  const headers = key ? { Authorization: `Bearer ${key}` } : {};
  if (body !== undefined) headers["Content-Type"] = JSON_TYPE;
  const method = body === undefined ? "GET" : "POST";
  // The browser must not cache drawn values.
  const cache = body === undefined ? "default" : "no-store";
  const response = await fetch(address, { method, headers, body, signal, cache }).catch(lost(signal));
  if (response.ok) return response;
  // An error of another proxy may not be JSON; its status is enough.
  const told = await response.json().catch((error) => (error instanceof SyntaxError ? {} : lost(signal)(error)));
  throw new Problem({
    status: response.status,
    detail: told.detail ?? told.title ?? response.statusText,
    errors: told.errors ?? [],
    requestId: response.headers.get("X-Request-Id") ?? "",
    retryAfter: Number(response.headers.get("Retry-After")) || null,
  });
}

/**
 * Values for the page as texts and, with a series, the number of the next one.
 * @param {Settings} settings
 * @param {AbortSignal} signal
 * @returns {Promise<{values: string[], next?: number}>}
 */
export async function draw(settings, signal) {
  const response = await call(addressOfKind(settings.kind.name), { body: asJson(settings.asked()), signal });
  // Not every browser notices that a text was cut off; JSON then ends too early.
  const { text, data, next_offset: next } =
    await response.text().then((text) => ({ text, ...JSON.parse(text) })).catch(lost(signal));
  if (!settings.kind.wholeNumbers) return { values: data, next };
  // Integers may have more digits than JavaScript numbers hold. This response has no strings that match by mistake.
  const [, numbers] = /"data":\[([-\d,\s]*)\]/.exec(text) ?? ["", ""];
  return { values: numbers.split(",").map((number) => number.trim()), next };
}

/** Requests estimates while the user types: debounced, one call at a time. Outdated responses are dropped. */
export class Estimator {
  #timer = 0;
  /** @type {AbortController | null} */
  #under = null;

  /**
   * @param {(figures: Estimate) => void} answered
   * @param {(problem: any) => void} failed
   */
  constructor(answered, failed) {
    this.answered = answered;
    this.failed = failed;
  }

  /** @param {Settings} settings */
  ask(settings, rest = REST) {
    clearTimeout(this.#timer);
    this.#under?.abort();
    const under = new AbortController();
    this.#under = under;
    this.#timer = setTimeout(() => this.#send(settings, under), rest);
  }

  /**
   * @param {Settings} settings
   * @param {AbortController} under
   */
  async #send(settings, { signal }) {
    try {
      const response = await call(addressOfKind(settings.kind.name, "estimate"), { body: asJson(settings.asked()), signal });
      const figures = await response.json().catch(lost(signal));
      await released();
      if (!signal.aborted) this.answered(figures);
    } catch (problem) {
      await released();
      if (!signal.aborted) this.failed(problem);
    }
  }
}

/**
 * The kinds by name, from openapi.json, in its order: fields, limits, defaults. The page does not duplicate them.
 * @returns {Promise<Map<string, Kind>>}
 */
export async function readKinds() {
  const response = await call(addressOf("openapi.json"));
  return kindsOf(await response.json().catch(lost()));
}

/**
 * @param {any} description
 * @returns {Map<string, Kind>}
 */
export function kindsOf(description) {
  const names = Object.keys(description.paths).flatMap((path) => ESTIMATED.exec(path)?.[1] ?? []);
  return new Map(names.map((name) => [name, kindOf(description, name)]));
}

/**
 * @param {any} description
 * @param {string} name
 * @returns {Kind}
 */
function kindOf(description, name) {
  const shown = description.paths[`/api/v1/${name}`];
  const streamed = description.paths[`/api/v1/${name}/stream`];
  const { $ref } = shown.post.responses["200"].content[JSON_TYPE].schema;
  const answer = description.components.schemas[$ref.split("/").pop()];
  const { examples } = shown.post.requestBody.content[JSON_TYPE];
  return {
    name,
    summary: shown.get.summary,
    fields: new Map(streamed.get.parameters.map((/** @type {any} */ parameter) => [parameter.name, fieldOf(parameter)])),
    mostShown: shown.get.parameters.find((/** @type {any} */ parameter) => parameter.name === "count").schema.maximum,
    examples: Object.values(examples).map(({ value }) => asTexts(value)),
    wholeNumbers: answer.properties.data.items.type === "integer",
  };
}

/**
 * @param {any} parameter
 * @returns {Field}
 */
function fieldOf({ name, description, schema }) {
  return {
    name,
    description,
    type: schema.enum ? "choice" : schema.type,
    choices: schema.enum?.map(String) ?? [],
    numeric: schema.type === "integer" || typeof schema.enum?.[0] === "number",
    minimum: schema.minimum ?? null,
    maximum: schema.maximum ?? null,
    optional: schema.default === undefined,
    initial: schema.type === "boolean" ? schema.default : String(schema.default ?? ""),
    example: schema.examples?.[0] ?? null,
  };
}

/**
 * @param {Record<string, any>} values
 * @returns {Map<string, string | boolean>}
 */
const asTexts = (values) =>
  new Map(Object.entries(values).map(([name, value]) => [name, typeof value === "boolean" ? value : String(value)]));
