/** What is set: a kind, a way of saying it, and a text or a boolean for each field. Listeners hear of every change. */

import { FORMAT, REPLACED_BY, groupsOf, waysOf } from "./arrangement.js";

export class Settings extends EventTarget {
  #values = new Map();

  constructor(kinds) {
    super();
    this.kinds = kinds;
    this.use([...kinds.keys()][0]);
  }

  /** Begin anew with a kind and some of its fields; the way is the one that these fields say. */
  use(name, given = new Map()) {
    this.kind = this.kinds.get(name) ?? this.kinds.values().next().value;
    this.#values = new Map([...this.kind.fields].map(([field, { initial }]) => [field, initial]));
    for (const [field, value] of given) this.#take(this.kind.fields.get(field), value);
    const ways = waysOf(this.kind);
    // The last one: a regular expression may come with an alphabet.
    this.way = ways.findLast((way) => given.has(way)) ?? ways[0];
    this.#tell("layout");
  }

  /** Say it in another way, with an example to begin with. */
  switchTo(way) {
    this.way = way;
    // An alphabet typed for its own way would limit a regular expression unasked.
    for (const { name, initial } of this.#fields()) {
      if (name !== way && waysOf(this.kind).includes(name)) this.#values.set(name, initial);
    }
    if (this.kind.fields.has(way) && !this.#values.get(way)) {
      this.#values.set(way, this.kind.examples.find(({ values }) => values.has(way))?.values.get(way) ?? "");
    }
    this.#tell("layout");
  }

  get(field) {
    return this.#values.get(field);
  }

  set(field, value) {
    if (this.#values.get(field) === value) return;
    this.#values.set(field, value);
    this.#tell("value");
  }

  /** Whether another field is set that replaces this one. */
  isReplaced(name) {
    const other = REPLACED_BY[name];
    return this.#fields().some((field) => field.name === other) && this.get(other).trim() !== "" && !this.isReplaced(other);
  }

  /** What to ask the API for: fields that take part and are not at their defaults anyway, as `[field, value]`. */
  asked({ stream = false } = {}) {
    const fields = this.#fields().filter(({ name }) => !this.isReplaced(name));
    if (stream) fields.push(this.kind.fields.get(FORMAT));
    return fields
      .filter(({ name, initial }) => name === this.way || this.get(name) !== initial)
      .map((field) => [field, this.get(field.name)]);
  }

  /** How many values, where the field holds a number. */
  get count() {
    const text = this.get("count").trim();
    return /^\d+$/.test(text) ? Number(text) : null;
  }

  /** More than an answer holds: only a download can bring them. */
  get downloadOnly() {
    return this.count !== null && this.count > this.kind.mostShown;
  }

  #fields() {
    return groupsOf(this.kind, this.way).flatMap((group) => group.fields);
  }

  /** A value from outside: true or a text, as its field has it. One that no control could show is left out. */
  #take(field, value) {
    if (!field) return;
    if (field.type === "boolean") this.#values.set(field.name, String(value) === "true");
    else if (field.type !== "choice" || field.choices.includes(value)) this.#values.set(field.name, String(value));
  }

  #tell(change) {
    this.dispatchEvent(new CustomEvent("change", { detail: change }));
  }
}
