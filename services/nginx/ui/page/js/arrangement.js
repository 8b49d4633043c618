/**
 * How the fields of a kind are laid out: what is seen at once, what is folded away, what excludes what.
 * Nothing about a field itself; one that is not named here is shown in the last group of its kind.
 */

const FORM = { name: "form", fields: ["prefix", "suffix", "group", "separator", "checksum"] };
/** A checksum cannot be combined with a regular expression or with password rules. */
const FORM_WITHOUT_CHECKSUM = { name: "form", fields: ["prefix", "suffix", "group", "separator"] };

const WORDS = ["exclude_words", "exclude_profanity"];

const ARRANGEMENT = {
  strings: [
    {
      way: "classes",
      groups: [
        { name: "basics", fields: ["length", "count"] },
        { name: "classes", chips: true, fields: ["digits", "lower", "upper", "special"] },
        { name: "switches", fields: ["exclude_similar", "unique"] },
        { name: "rules", fields: ["min_digits", "min_lower", "min_upper", "min_special", "max_repeat", "first", "last", "bits"] },
        { name: "characters", fields: ["special_chars", "exclude", ...WORDS] },
        FORM,
      ],
    },
    {
      // It is named by the field that stands for it: set, even to nothing, it is this way.
      way: "alphabet",
      groups: [
        { name: "own", fields: ["alphabet"] },
        { name: "basics", fields: ["length", "count"] },
        { name: "switches", fields: ["exclude_similar", "unique"] },
        { name: "rules", fields: ["max_repeat", "bits", "exclude", ...WORDS] },
        FORM,
      ],
    },
    {
      way: "pattern",
      groups: [
        { name: "own", fields: ["pattern"] },
        { name: "basics", fields: ["count"] },
        { name: "switches", fields: ["exclude_similar", "unique"] },
        { name: "characters", fields: ["special_chars", "exclude", ...WORDS] },
        FORM,
      ],
    },
    {
      way: "regex",
      groups: [
        { name: "own", fields: ["regex"] },
        { name: "basics", fields: ["max_length", "count"] },
        { name: "switches", fields: ["exclude_similar", "unique"] },
        { name: "characters", fields: ["exclude", "max_repeat", ...WORDS] },
        FORM_WITHOUT_CHECKSUM,
      ],
    },
    {
      way: "rules",
      groups: [
        { name: "own", fields: ["rules"] },
        { name: "basics", fields: ["length", "count"] },
        { name: "switches", fields: ["exclude_similar", "unique"] },
        { name: "characters", fields: ["exclude", "bits", ...WORDS] },
        FORM_WITHOUT_CHECKSUM,
      ],
    },
  ],
  tokens: one(["bytes", "count", "encoding", "prefix"], []),
  uuids: one(["version", "count"], []),
  integers: one(["min", "max", "count"], ["unique"]),
  passphrases: one(["words", "count", "separator"], ["capitalize"]),
};

/** Fields that are a list of these choices, written with commas. */
const CLASSES = ["digits", "lower", "upper", "special"];
export const LISTS = { first: CLASSES, last: CLASSES };

/** Of the download, not of the values; it has its place beside the button. */
export const FORMAT = "format";

const FOLDED = new Set(["rules", "characters", "form", "more"]);

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
