/** Asks for figures while somebody types: a little later, one call at a time, and an answer that is overtaken is dropped. */

import { addressOfKind, call } from "./api.js";
import { asJson } from "./encode.js";

/** Milliseconds of rest before asking; short enough to feel live. */
const REST = 120;

export class Estimator {
  #timer = 0;
  #under = null;

  /** `answered(figures)` or `failed(problem)` is called for the latest question alone. */
  constructor(answered, failed) {
    this.answered = answered;
    this.failed = failed;
  }

  ask(settings, rest = REST) {
    this.stop();
    const under = (this.#under = new AbortController());
    this.#timer = setTimeout(() => this.#send(settings, under), rest);
  }

  stop() {
    clearTimeout(this.#timer);
    this.#under?.abort();
  }

  async #send(settings, under) {
    const body = asJson(settings.asked());
    try {
      const response = await call(addressOfKind(settings.kind.name, "estimate"), { body, signal: under.signal });
      const figures = await response.json();
      if (!under.signal.aborted) this.answered(figures);
    } catch (problem) {
      if (!under.signal.aborted) this.failed(problem);
    }
  }
}
