/** Calls to this instance's API. Every failure is a Problem, but for one that the caller asked for by its signal. */

import { keyHeaders } from "./key.js";
import { Problem, problemOf } from "./problem.js";

/** GET, or POST where there is a body (JSON, as text). */
export async function call(path, { body, signal } = {}) {
  const headers = { ...keyHeaders(), ...(body === undefined ? {} : { "Content-Type": "application/json" }) };
  let response;
  try {
    const method = body === undefined ? "GET" : "POST";
    // What was drawn is for this page alone: the browser keeps none of it.
    response = await fetch(path, { method, headers, body, signal, cache: body === undefined ? "default" : "no-store" });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Problem({});
  }
  if (!response.ok) throw await problemOf(response);
  return response;
}

/** The address of the instance, whatever path another proxy serves it under: this page is at `ui/` there. */
const INSTANCE = new URL("../", document.baseURI);

/** The full address of a path of this instance, without a slash in front. */
export const addressOf = (path) => new URL(path, INSTANCE).href;

/** The full address of a kind's resource: of its values, or `estimate` or `stream`. */
export const addressOfKind = (kind, resource = "") => addressOf(`api/v1/${kind}${resource && `/${resource}`}`);
