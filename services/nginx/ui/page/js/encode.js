/** What is asked for, as the API reads it: JSON for a POST, a query for a GET. Takes `[field, value]` pairs. */

/** JSON written by hand, for a whole number keeps all its digits however long it is. */
export function asJson(asked) {
  return `{${asked.map(([field, value]) => `${JSON.stringify(field.name)}:${jsonValue(field, value)}`).join(",")}}`;
}

function jsonValue(field, value) {
  // What is not a number goes as it was typed, so that the API says what is wrong with it.
  if (field.numeric && /^\s*-?\d+\s*$/.test(value)) return BigInt(value).toString();
  return JSON.stringify(value);
}

export function asQuery(asked) {
  return asked.map(([field, value]) => `${field.name}=${escaped(queryValue(field, value))}`).join("&");
}

function queryValue(field, value) {
  return field.numeric ? value.trim() : String(value);
}

/** Percent-encoded, but for marks that a query may hold as they are: a pattern stays readable. */
function escaped(text) {
  // Half of a surrogate pair has no encoding; U+FFFD stands for it, as `toWellFormed` would do where browsers have it.
  return encodeURIComponent(text.replace(/\p{Surrogate}/gu, "\uFFFD"))
    .replace(/%(?:3F|2F|3A|40|2C)/g, decodeURIComponent)
    .replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}
