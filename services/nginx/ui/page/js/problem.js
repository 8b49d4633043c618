/** What went wrong with a call, and how to say it. */

import { t, translated } from "./language.js";

/** An error answer (RFC 9457), or no answer at all (status 0). */
export class Problem extends Error {
  constructor({ status = 0, title = "", detail = "", errors = [], requestId = "", retryAfter = null }) {
    super(detail || title || "no answer");
    Object.assign(this, { status, title, detail, errors, requestId, retryAfter });
  }

  /** Whether the server wants a key: it says so with 401 and `WWW-Authenticate: Bearer`. */
  get wantsKey() {
    return this.status === 401;
  }
}

/** The problem in an answer that is none of success, whatever its body turns out to be. */
export async function problemOf(response) {
  const document = await response.json().catch(() => ({}));
  return new Problem({
    status: response.status,
    title: document.title ?? response.statusText,
    detail: document.detail,
    errors: document.errors ?? [],
    requestId: response.headers.get("X-Request-Id") ?? "",
    retryAfter: Number(response.headers.get("Retry-After")) || null,
  });
}

/** One or two plain sentences for a person: what happened, what to do. */
export function inWords(problem) {
  if (!(problem instanceof Problem)) return t("problems.page", { reason: String(problem?.message ?? problem) });
  const { status, retryAfter, requestId } = problem;
  const when = retryAfter ? t("problems.retry", { n: retryAfter }) : t("problems.retrySoon");
  if (status === 0) return t("problems.network");
  if (status === 401) return t("problems.key");
  if (status === 403) return t("problems.forbidden");
  if (status === 429) return `${t("problems.tooMany")} ${when}`;
  if (status === 502 || status === 503 || status === 504) return `${t("problems.notReady")} ${when}`;
  if (status >= 500) return t("problems.server", { id: requestId });
  if (problem.errors.length) return t("problems.fields", { n: problem.errors.length });
  return `${translated(problem.detail) ?? problem.detail}`;
}
