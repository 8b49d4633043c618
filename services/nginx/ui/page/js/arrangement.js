/**
 * How the fields of a kind are laid out: what is seen at once, what is folded away, what excludes what.
 * Nothing about a field itself; one that is not named here is shown in the last group of its kind.
 */

const FORM = { name: "form", fields: ["prefix", "suffix", "group", "separator", "checksum"] };
/** A checksum cannot be combined with a regular expression or with password rules. */
const FORM_WITHOUT_CHECKSUM = { name: "formWithoutChecksum", fields: ["prefix", "suffix", "group", "separator"] };
const SWITCHES = { name: "switches", fields: ["exclude_similar", "exclude_profanity", "unique"] };
const CLASSES = ["digits", "lower", "upper", "special"];

const ARRANGEMENT = {
  strings: [
    {
      way: "classes",
      groups: [
        { name: "basics", fields: ["length", "bits", "count"] },
        { name: "classes", chips: true, fields: CLASSES },
        SWITCHES,
        { name: "rules", fields: ["min_digits", "min_lower", "min_upper", "min_special", "max_repeat", "first", "last"] },
        { name: "characters", fields: ["special_chars", "exclude", "exclude_words"] },
        FORM,
      ],
    },
    {
      // A way has the name of its main field. Where that field is set, even to nothing, the form shows this way.
      way: "alphabet",
      groups: [
        { name: "own", fields: ["alphabet"] },
        { name: "basics", fields: ["length", "bits", "count"] },
        SWITCHES,
        { name: "exceptions", fields: ["exclude", "exclude_words", "max_repeat"] },
        FORM,
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
      ],
    },
    {
      way: "regex",
      groups: [
        { name: "own", fields: ["regex"] },
        { name: "basics", fields: ["length", "max_length", "bits", "count"] },
        SWITCHES,
        { name: "exceptions", fields: ["exclude", "exclude_words", "max_repeat", "alphabet"] },
        FORM_WITHOUT_CHECKSUM,
      ],
    },
    {
      way: "rules",
      groups: [
        { name: "own", fields: ["rules"] },
        { name: "basics", fields: ["length", "bits", "count"] },
        SWITCHES,
        { name: "exceptions", fields: ["exclude", "exclude_words"] },
        FORM_WITHOUT_CHECKSUM,
      ],
    },
  ],
  tokens: one(["bytes", "bits", "count", "encoding", "prefix"], []),
  uuids: one(["version", "count"], []),
  integers: one(["min", "max", "count"], ["unique"]),
  passphrases: one(["words", "bits", "count", "separator"], ["capitalize"]),
};

/** Fields that are a list of these choices, written with commas. */
export const LISTS = { first: CLASSES, last: CLASSES };

/** Fields that another field replaces while it is set. */
export const REPLACED_BY = { length: "bits", max_length: "length", bytes: "bits", words: "bits" };

/** Ways in which an empty length does not mean the usual length. */
export const OPEN_LENGTH = new Set(["regex", "rules"]);

/** Of the download, not of the values; it has its place beside the button. */
export const FORMAT = "format";

const FOLDED = new Set(["rules", "characters", "exceptions", "form", "formWithoutChecksum", "more"]);

function one(basics, switches) {
  return [{ way: "", groups: [{ name: "basics", fields: basics }, { name: "switches", fields: switches }] }];
}

/** The ways to say what is wanted, the usual one first. */
export function waysOf(kind) {
  return waysFor(kind).map(({ way }) => way);
}

/** The groups of one way, of fields that the API has: `{name, folded, chips, fields}`. */
export function groupsOf(kind, way) {
  const ways = waysFor(kind);
  const { groups } = ways.find((each) => each.way === way);
  const named = new Set([FORMAT, ...ways.flatMap((each) => each.groups.flatMap((group) => group.fields))]);
  const more = { name: "more", fields: [...kind.fields.keys()].filter((name) => !named.has(name)) };
  return [...groups, more]
    .map((group) => ({
      ...group,
      folded: FOLDED.has(group.name),
      fields: group.fields.filter((name) => kind.fields.has(name)).map((name) => kind.fields.get(name)),
    }))
    .filter((group) => group.fields.length);
}

function waysFor(kind) {
  return ARRANGEMENT[kind.name] ?? one([...kind.fields.keys()].filter((name) => name !== FORMAT), []);
}
