/**
 * The settings, and their forms for the API, the URL and a shell. Listeners receive every change.
 *
 * @typedef {object} Field The API's description of a field.
 * @property {string} name
 * @property {string} description
 * @property {string} type `boolean`, `choice`, `integer` or `string`
 * @property {string[]} choices
 * @property {boolean} numeric A number in JSON, free or one of several choices.
 * @property {number | null} minimum
 * @property {number | null} maximum
 * @property {boolean} optional Only omitting it means "none".
 * @property {string | boolean} initial
 * @property {string | number | null} example
 *
 * @typedef {object} Kind The API's description of a kind.
 * @property {string} name
 * @property {string} summary
 * @property {Map<string, Field>} fields
 * @property {number} mostShown Most values in one response; larger numbers need a stream.
 * @property {Map<string, string | boolean>[]} examples
 * @property {boolean} wholeNumbers
 *
 * @typedef {object} Group Fields that are shown together.
 * @property {string} name
 * @property {boolean} [chips]
 * @property {string[]} fields
 *
 * @typedef {[Field, string | boolean][]} Asked Fields with their values.
 */

/** A field of the download, not of the values; shown beside the button. */
export const FORMAT = "format";

const CLASSES = ["digits", "lower", "upper", "special"];

/** Fields that are a comma-separated list of these choices. @type {Record<string, string[]>} */
export const LISTS = { first: CLASSES, last: CLASSES };

/** Fields that another field replaces while it is set. @type {Record<string, string>} */
export const REPLACED_BY = { length: "bits", max_length: "length", bytes: "bits", words: "bits" };

/** Ways in which an empty length does not mean the default length. */
export const OPEN_LENGTH = new Set(["regex", "rules"]);

/** Texts of booleans, as the API reads them. */
const BOOLEANS = new Map([["true", true], ["false", false], ["1", true], ["0", false]]);

const FOLDED = new Set(["campaign", "rules", "characters", "exceptions", "form", "formWithoutChecksum", "more"]);

const FORM = { name: "form", fields: ["prefix", "suffix", "group", "separator", "checksum"] };
/** A checksum cannot be combined with a regular expression or with password rules. */
const FORM_WITHOUT_CHECKSUM = { name: "formWithoutChecksum", fields: ["prefix", "suffix", "group", "separator"] };
const CAMPAIGN = { name: "campaign", fields: ["series", "offset"] };
const SWITCHES = { name: "switches", fields: ["exclude_similar", "exclude_profanity", "unique"] };

/**
 * The arrangement of each kind's fields. A field that is not named here is in the last group. A way has the name of its
 * main field. If that field is set, even to an empty text, the form shows this way.
 * @type {Record<string, {way: string, groups: Group[]}[]>}
 */
const ARRANGEMENT = {
  strings: [
    {
      way: "classes",
      groups: [
        { name: "basics", fields: ["length", "count", "bits"] },
        { name: "classes", chips: true, fields: CLASSES },
        SWITCHES,
        { name: "rules", fields: ["min_digits", "min_lower", "min_upper", "min_special", "max_repeat", "first", "last"] },
        { name: "characters", fields: ["special_chars", "exclude", "exclude_words"] },
        FORM,
        CAMPAIGN,
      ],
    },
    {
      way: "alphabet",
      groups: [
        { name: "own", fields: ["alphabet"] },
        { name: "basics", fields: ["length", "count", "bits"] },
        SWITCHES,
        { name: "exceptions", fields: ["exclude", "exclude_words", "max_repeat"] },
        FORM,
        CAMPAIGN,
      ],
    },
    {
      way: "pattern",
      groups: [
        { name: "own", fields: ["pattern"] },
        { name: "basics", fields: ["count"] },
        SWITCHES,
        { name: "characters", fields: ["special_chars", "exclude", "exclude_words"] },
        FORM,
        CAMPAIGN,
      ],
    },
    {
      way: "regex",
      groups: [
        { name: "own", fields: ["regex"] },
        { name: "basics", fields: ["length", "max_length", "count", "bits"] },
        SWITCHES,
        { name: "exceptions", fields: ["exclude", "exclude_words", "max_repeat", "alphabet"] },
        FORM_WITHOUT_CHECKSUM,
        CAMPAIGN,
      ],
    },
    {
      way: "rules",
      groups: [
        { name: "own", fields: ["rules"] },
        { name: "basics", fields: ["length", "count", "bits"] },
        SWITCHES,
        { name: "exceptions", fields: ["exclude", "exclude_words"] },
        FORM_WITHOUT_CHECKSUM,
        CAMPAIGN,
      ],
    },
  ],
  tokens: one(["bytes", "count", "bits", "encoding", "prefix"], []),
  uuids: one(["version", "count"], []),
  integers: one(["min", "max", "count"], ["unique"], CAMPAIGN),
  passphrases: one(["language", "words", "separator", "count", "bits"], ["capitalize", "number"]),
};

/**
 * Preset settings for common needs.
 * @type {Record<string, {kind: string, given: Record<string, string | boolean>}>}
 */
export const PRESETS = {
  pin: { kind: "strings", given: { length: "6", lower: false, upper: false } },
  password: { kind: "strings", given: { length: "20", special: true, min_digits: "1", min_special: "1" } },
  wifi: { kind: "strings", given: { length: "20", exclude_similar: true, group: "5" } },
  apiKey: { kind: "tokens", given: { encoding: "base64url", prefix: "key_" } },
  vouchers: {
    kind: "strings",
    given: { length: "12", lower: false, exclude_similar: true, exclude_profanity: true, unique: true, group: "4", count: "500" },
  },
  licence: { kind: "strings", given: { length: "25", lower: false, exclude_similar: true, group: "5" } },
  testCard: { kind: "strings", given: { pattern: "4000?d?d?d?d?d?d?d?d?d?d?d", checksum: "luhn", group: "4", separator: " " } },
  passphrase: { kind: "passphrases", given: {} },
};

/**
 * @param {string[]} basics
 * @param {string[]} switches
 * @param {...Group} more
 */
function one(basics, switches, ...more) {
  return [{ way: "", groups: [{ name: "basics", fields: basics }, { name: "switches", fields: switches }, ...more] }];
}

/** @param {Kind} kind */
const waysFor = (kind) => ARRANGEMENT[kind.name] ?? one([...kind.fields.keys()].filter((name) => name !== FORMAT), []);

/**
 * The ways to define values, the usual one first.
 * @param {Kind} kind
 */
export const waysOf = (kind) => waysFor(kind).map(({ way }) => way);

/**
 * The groups of one way, with the fields that the API has.
 * @param {Kind} kind
 * @param {string} way
 * @returns {{name: string, chips?: boolean, folded: boolean, fields: Field[]}[]}
 */
export function groupsOf(kind, way) {
  const ways = waysFor(kind);
  const groups = ways.find((each) => each.way === way)?.groups ?? [];
  const named = new Set([FORMAT, ...ways.flatMap((each) => each.groups.flatMap((group) => group.fields))]);
  const more = { name: "more", fields: [...kind.fields.keys()].filter((name) => !named.has(name)) };
  return [...groups, more]
    .map((group) => ({
      ...group,
      folded: FOLDED.has(group.name),
      fields: group.fields.flatMap((name) => kind.fields.get(name) ?? []),
    }))
    .filter((group) => group.fields.length);
}

export class Settings extends EventTarget {
  /** @type {Map<string, string | boolean>} */
  #values = new Map();
  /** @type {Kind} */
  kind;
  way = "";

  /** @param {Map<string, Kind>} kinds */
  constructor(kinds) {
    super();
    this.kinds = kinds;
    [this.kind] = kinds.values();
    this.use(this.kind.name);
  }

  /**
   * Reset to a kind and some of its fields, which determine the way. Returns the names that are left out because the form
   * cannot show them or their values.
   * @param {string} name
   * @param {Map<string, string | boolean>} [given]
   */
  use(name, given = new Map()) {
    [this.kind] = this.kinds.values();
    this.kind = this.kinds.get(name) ?? this.kind;
    this.#values = new Map([...this.kind.fields].map(([field, { initial }]) => [field, initial]));
    const ways = waysOf(this.kind);
    // The last match: a regular expression may have an alphabet, too.
    this.way = [...ways].reverse().find((way) => given.has(way)) ?? ways[0];
    const shown = new Set([FORMAT, ...this.#fields().map((field) => field.name)]);
    const left = [...given].filter(([field, value]) =>
      !this.#take(this.kind.fields.get(field), value) || (!shown.has(field) && this.get(field) !== this.kind.fields.get(field)?.initial));
    this.#tell("layout");
    return [...(name === this.kind.name ? [] : [name]), ...left.map(([field]) => field)].filter(Boolean);
  }

  /**
   * Switch to another way, and start from an example.
   * @param {string} way
   */
  switchTo(way) {
    this.way = way;
    // An alphabet typed for another way must not restrict a regular expression.
    for (const { name, initial } of this.#fields()) {
      if (name !== way && waysOf(this.kind).includes(name)) this.#values.set(name, initial);
    }
    if (this.kind.fields.has(way) && !this.#values.get(way)) {
      this.#values.set(way, this.kind.examples.find((values) => values.has(way))?.get(way) ?? "");
    }
    this.#tell("layout");
  }

  /** @param {string} field */
  get(field) {
    return this.#values.get(field);
  }

  /**
   * The value of a field of text.
   * @param {string} field
   */
  text(field) {
    return String(this.#values.get(field) ?? "");
  }

  /**
   * @param {string} field
   * @param {string | boolean} value
   */
  set(field, value) {
    if (this.#values.get(field) === value) return;
    this.#values.set(field, value);
    this.#tell("value");
  }

  /**
   * Whether a field that replaces this one is set.
   * @param {string} name
   * @returns {boolean}
   */
  isReplaced(name) {
    const other = REPLACED_BY[name];
    return this.#fields().some((field) => field.name === other) && this.text(other).trim() !== "" && !this.isReplaced(other);
  }

  /**
   * The fields of the request: those in use that differ from their defaults.
   * @returns {Asked}
   */
  asked({ stream = false } = {}) {
    const fields = this.#fields().filter(({ name }) => !this.isReplaced(name));
    const format = this.kind.fields.get(FORMAT);
    if (stream && format) fields.push(format);
    return fields
      .filter(({ name, initial }) => name === this.way || this.get(name) !== initial)
      .map((field) => [field, this.get(field.name) ?? ""]);
  }

  /** The number of values, if the field holds a number. */
  get count() {
    const text = this.text("count").trim();
    return /^\d+$/.test(text) ? Number(text) : null;
  }

  /** Whether one response cannot hold all values, so that they need a download. */
  get downloadOnly() {
    return this.count !== null && this.count > this.kind.mostShown;
  }

  #fields() {
    return groupsOf(this.kind, this.way).flatMap((group) => group.fields);
  }

  /**
   * Set a value from outside, unless its control cannot show it. Returns whether it can.
   * @param {Field | undefined} field
   * @param {string | boolean} value
   */
  #take(field, value) {
    const text = String(value);
    const taken = field?.type === "boolean" ? BOOLEANS.get(text) : field?.type === "choice" && !field.choices.includes(text) ? undefined : text;
    if (field && taken !== undefined) this.#values.set(field.name, taken);
    return field && taken !== undefined;
  }

  /** @param {"layout" | "value"} change */
  #tell(change) {
    this.dispatchEvent(new CustomEvent("change", { detail: change }));
  }
}

/**
 * JSON built as text, so that whole numbers keep all their digits.
 * @param {Asked} asked
 */
export function asJson(asked) {
  return `{${asked.map(([field, value]) => `${JSON.stringify(field.name)}:${jsonValue(field, value)}`).join(",")}}`;
}

/**
 * @param {Field} field
 * @param {string | boolean} value
 */
function jsonValue(field, value) {
  // Send other text as typed, so that the API reports the error.
  if (field.numeric && /^\s*-?\d+\s*$/.test(String(value))) return BigInt(value).toString();
  return JSON.stringify(value);
}

/** @param {Asked} asked */
export function asQuery(asked) {
  return asked.map(([field, value]) => `${field.name}=${escaped(field.numeric ? String(value).trim() : String(value))}`).join("&");
}

/**
 * Percent-encodes a text, except characters that a query may hold, so that patterns stay readable.
 * @param {string} text
 */
function escaped(text) {
  // A lone surrogate has no encoding: replace it with U+FFFD, like `toWellFormed`, which some browsers lack.
  return encodeURIComponent(text.replace(/\p{Surrogate}/gu, "\uFFFD"))
    .replace(/%(?:3F|2F|3A|40|2C)/g, decodeURIComponent)
    .replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}

/**
 * The settings as a URL fragment, to share them: `#strings?length=20`. It holds no API key and no values.
 * @param {Settings} settings
 */
export function writeFragment(settings) {
  const query = asQuery(settings.asked({ stream: true }));
  return `#${settings.kind.name}${query && `?${query}`}`;
}

/**
 * The kind's name, and the texts of its fields.
 * @param {string} hash
 */
export function readFragment(hash) {
  const [, name, query] = /^#?([a-z]*)\??(.*)$/s.exec(hash) ?? ["", "", ""];
  return { name, given: new Map(new URLSearchParams(query)) };
}

/** Longest URL of a curl command; a longer query is sent as a body. nginx accepts URLs of up to 8 KiB. */
const LONGEST_ADDRESS = 2000;

/**
 * A curl command, quoted for a POSIX shell.
 * @param {string} command
 * @param {string} address
 * @param {Asked} asked
 * @param {boolean} withKey
 */
export function curlLine(command, address, asked, withKey) {
  const query = asQuery(asked);
  const url = query ? `${address}?${query}` : address;
  const parts = url.length <= LONGEST_ADDRESS
    ? [command, quoted(url)]
    : [command, quoted(address), "-H 'Content-Type: application/json'", `-d ${quoted(asJson(asked))}`];
  // A variable keeps the key out of shell histories and off the screen.
  if (withKey) parts.push('-H "Authorization: Bearer $API_KEY"');
  return parts.join(" ");
}

/**
 * Quotes a text: in single quotes, only the quote itself is special.
 * @param {string} text
 */
export const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
