/** Downloads from the stream route, one at a time, with progress and cancel: into a chosen file or by the browser. */

import { addressOfKind, call, hasKey, lost } from "./api.js";
import { announce, byId, released } from "./dom.js";
import { onLanguage, t } from "./language.js";
import { plain, seconds, size } from "./numbers.js";
import { FORMAT, asJson, asQuery } from "./settings.js";

/** @typedef {import("./settings.js").Settings} Settings */
/** @typedef {{bytes: number, total: number | null, lines: number | null}} Seen */
/** @typedef {Gathered | Written} Sink */

/** Milliseconds between two progress updates. */
const LOOK = 100;

/** File extensions that differ from the name of the format. @type {Record<string, string>} */
const ENDINGS = { text: "txt" };

/** Fewest values for which the browser asks for a file; fewer are saved without a dialog. */
const WORTH_ASKING = 100_000;

/** Most bytes that are collected in memory. */
const MOST_GATHERED = 256 * 2 ** 20;

const NEWLINE = 10;

class TooLarge extends Error {}

/** The panel of the current download: progress, remaining time and a cancel button. */
export class Downloads {
  /** @type {AbortController | null} */
  #abort = null;
  #said = () => "";
  #name = "";
  #began = 0;
  #looked = 0;

  /**
   * @param {Settings} settings
   * @param {(problem: any) => void} failed
   */
  constructor(settings, failed) {
    this.settings = settings;
    this.failed = failed;
    byId("cancel").addEventListener("click", () => this.#abort?.abort());
    onLanguage(() => this.#write());
    // Leaving the page cancels a download, so the browser asks first.
    addEventListener("beforeunload", (event) => this.#abort && event.preventDefault());
  }

  async start() {
    if (this.#abort) return;
    const abort = new AbortController();
    this.#abort = abort;
    const format = this.settings.text(FORMAT);
    const filename = `${this.settings.kind.name}.${ENDINGS[format] ?? format}`;
    const count = this.settings.count ?? 0;
    const next = nextCode(this.settings);
    try {
      // Before all else: browsers open a dialog only right after a click.
      const sink = await sinkFor(count, filename);
      this.#begin(sink.name);
      const bytes = await into(sink, this.settings, abort, (seen) => this.#look(seen, count));
      this.#end(() => t("download.done", { name: sink.name, size: size(bytes) }) + (next ? t("gap") + t("results.next", { n: next }) : ""));
    } catch (error) {
      await this.#stopped(error, filename, abort.signal.aborted);
    } finally {
      this.#abort = null;
      byId("download").removeAttribute("aria-disabled");
    }
  }

  /** @param {string} name */
  #begin(name) {
    this.#name = name;
    this.#began = performance.now();
    this.#looked = 0;
    byId("download").setAttribute("aria-disabled", "true");
    byId("progress").removeAttribute("value");
    byId("transfer").hidden = false;
    byId("transfer").classList.add("running");
    byId("cancel").focus({ preventScroll: true });
    byId("transfer").scrollIntoView({ block: "nearest" });
    this.#say(() => t("download.begun", { name }));
  }

  /**
   * @param {Seen} seen
   * @param {number} count
   */
  #look({ bytes, total, lines }, count) {
    const now = performance.now();
    if (now - this.#looked < LOOK) return;
    this.#looked = now;
    const elapsed = (now - this.#began) / 1000;
    const known = { name: this.#name, size: size(bytes), speed: size(bytes / elapsed) };
    if (total === null && lines === null) {
      this.#said = () => t("download.progressWithoutEnd", known);
    } else {
      const share = Math.min(1, total ? bytes / total : (lines ?? 0) / count);
      const left = seconds(share ? (elapsed / share) * (1 - share) : 0);
      byId("progress").value = share;
      this.#said = () => t("download.progress", { ...known, share: plain(share, { style: "percent" }), left });
    }
    this.#write();
  }

  /**
   * @param {any} error
   * @param {string} filename
   * @param {boolean} cancelled
   */
  async #stopped(error, filename, cancelled) {
    if (error?.name === "AbortError") {
      // After a cancelled dialog there is nothing to report.
      if (cancelled) this.#end(() => t("download.cancelled"));
    } else if (error instanceof TooLarge) {
      this.#handOver(filename);
    } else {
      await released();
      byId("transfer").hidden = true;
      this.failed(error);
    }
  }

  /**
   * Too large for memory: let the browser download the URL, if it needs no API key.
   * @param {string} filename
   */
  #handOver(filename) {
    if (hasKey()) {
      this.#end(() => t("download.useCurl"));
      return;
    }
    const { settings } = this;
    follow(`${addressOfKind(settings.kind.name, "stream")}?${asQuery(settings.asked({ stream: true }))}`, filename);
    this.#end(() => t("download.handedOver", { name: filename }));
  }

  /** @param {() => string} said */
  #end(said) {
    const focused = document.activeElement === byId("cancel");
    byId("transfer").classList.remove("running");
    if (focused) byId("download").focus({ preventScroll: true });
    this.#say(said);
  }

  /** @param {() => string} said */
  #say(said) {
    this.#said = said;
    this.#write();
    announce(said());
  }

  #write() {
    byId("transfer-text").textContent = this.#said();
  }
}

/**
 * With a series: the number of the code after the requested ones; else null.
 * @param {Settings} settings
 */
export function nextCode(settings) {
  return settings.text("series") ? Number(settings.text("offset")) + (settings.count ?? 0) : null;
}

/**
 * Writes one stream into a sink and returns the number of bytes. A failed stream leaves no file.
 * @param {Sink} sink
 * @param {Settings} settings
 * @param {AbortController} abort
 * @param {(seen: Seen) => void} progress
 */
async function into(sink, settings, abort, progress) {
  try {
    const body = asJson(settings.asked({ stream: true }));
    const hasLines = settings.get(FORMAT) !== "xlsx";
    const response = await call(addressOfKind(settings.kind.name, "stream"), { body, signal: abort.signal });
    const bytes = await pour(response, sink, abort.signal, hasLines, progress);
    await sink.close();
    return bytes;
  } catch (error) {
    abort.abort();
    await sink.abort();
    throw error;
  }
}

/**
 * @param {Response} response
 * @param {Sink} sink
 * @param {AbortSignal} signal
 * @param {boolean} hasLines
 * @param {(seen: Seen) => void} progress
 */
async function pour(response, sink, signal, hasLines, progress) {
  const length = response.headers.get("Content-Length");
  const total = length === null ? null : Number(length);
  if (sink instanceof Gathered && total !== null && total > MOST_GATHERED) throw new TooLarge();
  const reader = /** @type {ReadableStream<Uint8Array<ArrayBuffer>>} */ (response.body).getReader();
  let bytes = 0, lines = 0;
  for (;;) {
    // The browser compares the length with Content-Length, and rejects if the connection was cut.
    const { done, value } = await reader.read().catch(lost(signal));
    if (done) return bytes;
    await sink.write(value);
    bytes += value.byteLength;
    if (total === null && hasLines) lines += newlines(value);
    progress({ bytes, total, lines: hasLines ? lines : null });
  }
}

/** @param {Uint8Array} piece */
function newlines(piece) {
  let found = 0;
  for (let at = piece.indexOf(NEWLINE); at >= 0; at = piece.indexOf(NEWLINE, at + 1)) found += 1;
  return found;
}

/**
 * The sink for a number of values. Rejects with an AbortError if the user cancels the dialog.
 * @param {number} count
 * @param {string} filename
 * @returns {Promise<Sink>}
 */
async function sinkFor(count, filename) {
  if (count < WORTH_ASKING || !("showSaveFilePicker" in window)) return new Gathered(filename);
  const handle = await /** @type {any} */ (window).showSaveFilePicker({ suggestedName: filename });
  return new Written(handle.name, await handle.createWritable());
}

/** A file that the user picked: every chunk is written on arrival, in constant memory. */
class Written {
  /**
   * @param {string} name
   * @param {FileSystemWritableFileStream} file
   */
  constructor(name, file) {
    this.name = name;
    this.file = file;
  }

  /** @param {Uint8Array<ArrayBuffer>} piece */
  write(piece) {
    return this.file.write(piece);
  }

  close() {
    return this.file.close();
  }

  /** Discards the data written so far; the file is created only on close. */
  async abort() {
    await this.file.abort().catch(() => {});
  }
}

/** Memory, for browsers without a file picker: saved by the browser at the end. */
class Gathered {
  /** @type {Uint8Array<ArrayBuffer>[]} */
  #pieces = [];
  #size = 0;

  /** @param {string} name */
  constructor(name) {
    this.name = name;
  }

  /** @param {Uint8Array<ArrayBuffer>} piece */
  write(piece) {
    this.#size += piece.byteLength;
    if (this.#size > MOST_GATHERED) throw new TooLarge();
    this.#pieces.push(piece);
  }

  close() {
    const address = URL.createObjectURL(new Blob(this.#pieces));
    follow(address, this.name);
    // Long enough for the browser to start the download.
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
    this.#pieces = [];
  }

  abort() {
    this.#pieces = [];
  }
}

/**
 * Let the browser download a URL.
 * @param {string} address
 * @param {string} filename
 */
function follow(address, filename) {
  const link = document.createElement("a");
  link.href = address;
  link.download = filename;
  link.click();
}
