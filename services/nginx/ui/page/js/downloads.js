/** The panel of the download under way: how far it is, how long it will take, and how to stop it. */

import { addressOfKind } from "./api.js";
import { announce } from "./announce.js";
import { FORMAT } from "./arrangement.js";
import { byId } from "./dom.js";
import { Download } from "./download.js";
import { asQuery } from "./encode.js";
import { hasKey } from "./key.js";
import { onLanguage, t } from "./language.js";
import { plain, seconds, size } from "./numbers.js";
import { TooLarge, follow, sinkFor } from "./sinks.js";

/** Milliseconds between two looks at how far it is. */
const LOOK = 100;

/** What a file of a format is called where that is not the format's own name. */
const ENDINGS = { text: "txt" };

export class Downloads {
  #download = null;
  #said = () => "";

  /** `failed(problem)` is told what the API or the way to it had to say. */
  constructor(settings, failed) {
    this.settings = settings;
    this.failed = failed;
    byId("cancel").addEventListener("click", () => this.#download?.cancel());
    onLanguage(() => this.#write());
    // Leaving the page ends a download; the browser asks first.
    addEventListener("beforeunload", (event) => this.#download && event.preventDefault());
  }

  async start() {
    if (this.#download) return;
    const format = this.settings.get(FORMAT);
    const filename = `${this.settings.kind.name}.${ENDINGS[format] ?? format}`;
    const count = this.settings.count ?? 0;
    const download = (this.#download = new Download(this.settings, (seen) => this.#look(seen)));
    try {
      // First of all: a dialog is only opened right after a click.
      const sink = await sinkFor(count, filename);
      this.#begin(sink.name, count);
      const bytes = await download.into(sink);
      this.#end(() => t("download.done", { name: sink.name, size: size(bytes) }));
    } catch (error) {
      this.#stopped(error, filename);
    } finally {
      this.#download = null;
      byId("download").removeAttribute("aria-disabled");
    }
  }

  #begin(name, count) {
    this.name = name;
    this.count = count;
    this.began = performance.now();
    this.looked = 0;
    byId("download").setAttribute("aria-disabled", "true");
    byId("progress").removeAttribute("value");
    byId("transfer").hidden = false;
    byId("transfer").classList.add("running");
    byId("cancel").focus({ preventScroll: true });
    byId("transfer").scrollIntoView({ block: "nearest" });
    this.#say(() => t("download.begun", { name }));
  }

  #look(seen) {
    const now = performance.now();
    if (now - this.looked < LOOK) return;
    this.looked = now;
    const elapsed = (now - this.began) / 1000;
    if (seen.total === null && seen.lines === null) {
      this.#said = () => t("download.progressWithoutEnd", {
        name: this.name, size: size(seen.bytes), speed: size(seen.bytes / elapsed),
      });
      this.#write();
      return;
    }
    const share = Math.min(1, seen.total ? seen.bytes / seen.total : seen.lines / this.count);
    byId("progress").value = share;
    this.#said = () => t("download.progress", {
      name: this.name,
      share: plain(share, { style: "percent" }),
      size: size(seen.bytes),
      speed: size(seen.bytes / elapsed),
      left: seconds(share ? (elapsed / share) * (1 - share) : 0),
    });
    this.#write();
  }

  #stopped(error, filename) {
    if (error?.name === "AbortError") {
      // In the dialog, before anything began, there is nothing to report.
      if (this.#download.cancelled) this.#end(() => t("download.cancelled"));
    } else if (error instanceof TooLarge) {
      this.#handOver(filename);
    } else {
      byId("transfer").hidden = true;
      this.failed(error);
    }
  }

  /** Too large to gather: the browser fetches it by itself, if the address can say all there is to say. */
  #handOver(filename) {
    if (hasKey()) {
      this.#end(() => t("download.useCurl"));
      return;
    }
    const { settings } = this;
    follow(`${addressOfKind(settings.kind.name, "stream")}?${asQuery(settings.asked({ stream: true }))}`, filename);
    this.#end(() => t("download.handedOver", { name: filename }));
  }

  #end(said) {
    const focused = document.activeElement === byId("cancel");
    byId("transfer").classList.remove("running");
    if (focused) byId("download").focus({ preventScroll: true });
    this.#say(said);
  }

  #say(said) {
    this.#said = said;
    this.#write();
    announce(said());
  }

  #write() {
    byId("transfer-text").textContent = this.#said();
  }
}
