/** One download by the stream route, from the first byte to the last, with progress, until it is cancelled. */

import { addressOfKind, call } from "./api.js";
import { FORMAT } from "./arrangement.js";
import { asJson } from "./encode.js";
import { Problem } from "./problem.js";
import { TooLarge, tooLargeFor } from "./sinks.js";

const NEWLINE = 10;

export class Download {
  #abort = new AbortController();

  /**
   * `progress({bytes, total, lines})` is called for every piece. `total` is null where it is not known beforehand,
   * and so is `lines` in a file that has none.
   */
  constructor(settings, progress) {
    this.path = addressOfKind(settings.kind.name, "stream");
    this.body = asJson(settings.asked({ stream: true }));
    this.hasLines = settings.get(FORMAT) !== "xlsx";
    this.progress = progress;
  }

  cancel() {
    this.#abort.abort();
  }

  get cancelled() {
    return this.#abort.signal.aborted;
  }

  /** Into a sink, to its end. What fails half-way leaves nothing behind. Returns the number of bytes. */
  async into(sink) {
    try {
      const response = await call(this.path, { body: this.body, signal: this.#abort.signal });
      const bytes = await this.#pour(response, sink);
      await sink.close();
      return bytes;
    } catch (error) {
      this.#abort.abort();
      await sink.abort();
      throw error;
    }
  }

  async #pour(response, sink) {
    const written = response.headers.get("Content-Length");
    const total = written === null ? null : Number(written);
    if (tooLargeFor(sink, total)) throw new TooLarge();
    let bytes = 0, lines = this.hasLines ? 0 : null;
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await this.#read(reader);
      if (done) break;
      await sink.write(value);
      bytes += value.byteLength;
      if (total === null && this.hasLines) lines += newlines(value);
      this.progress({ bytes, total, lines });
    }
    return bytes;
  }

  /** The browser compares what came with Content-Length and says no here when the connection was cut. */
  async #read(reader) {
    try {
      return await reader.read();
    } catch (error) {
      throw this.cancelled ? error : new Problem({});
    }
  }
}

function newlines(piece) {
  let found = 0;
  for (let at = piece.indexOf(NEWLINE); at >= 0; at = piece.indexOf(NEWLINE, at + 1)) found += 1;
  return found;
}
