/**
 * Where a download goes. With a file that the person picks, every piece is written as it arrives, and nothing piles
 * up. Where the browser offers no such file, small ones are gathered and handed over; what is too large for
 * that the browser fetches by itself.
 */

/** So many values and more get a file of their own; fewer go to the downloads without a question. */
const WORTH_ASKING = 100_000;

/** Most bytes that are gathered in memory. */
const MOST_GATHERED = 256 * 2 ** 20;

export class TooLarge extends Error {}

/** A sink for so many values. Rejects with an AbortError when the person changes their mind in the dialog. */
export async function sinkFor(count, filename) {
  if (count < WORTH_ASKING || !("showSaveFilePicker" in window)) return new Gathered(filename);
  const handle = await window.showSaveFilePicker({ suggestedName: filename });
  return new Written(handle.name, await handle.createWritable());
}

class Written {
  constructor(name, file) {
    this.name = name;
    this.file = file;
  }

  write(piece) {
    return this.file.write(piece);
  }

  close() {
    return this.file.close();
  }

  /** Leaves nothing behind: what was written so far is not yet the file. */
  async abort() {
    await this.file.abort().catch(() => {});
  }
}

class Gathered {
  #pieces = [];
  #size = 0;

  constructor(name) {
    this.name = name;
  }

  write(piece) {
    this.#size += piece.byteLength;
    if (this.#size > MOST_GATHERED) throw new TooLarge();
    this.#pieces.push(piece);
  }

  close() {
    const address = URL.createObjectURL(new Blob(this.#pieces));
    follow(address, this.name);
    // Long enough for the browser to have begun.
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
    this.#pieces = [];
  }

  abort() {
    this.#pieces = [];
  }
}

/** Let the browser download an address by itself. */
export function follow(address, filename) {
  const link = document.createElement("a");
  link.href = address;
  link.download = filename;
  link.click();
}

/** Whether an answer of so many bytes is beyond what is gathered; null stands for not known. */
export const tooLargeFor = (sink, bytes) => sink instanceof Gathered && bytes !== null && bytes > MOST_GATHERED;
