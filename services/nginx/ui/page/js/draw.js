/** Values for the page. */

import { addressOfKind, call } from "./api.js";
import { asJson } from "./encode.js";

/** As texts, whatever the kind. */
export async function draw(settings, signal) {
  const response = await call(addressOfKind(settings.kind.name), { body: asJson(settings.asked()), signal });
  if (!settings.kind.wholeNumbers) return (await response.json()).data;
  // A number of JavaScript has 15 digits; these may have more. There is no text in this answer to mistake for them.
  const [, numbers] = /"data":\[([-\d,\s]*)\]/.exec(await response.text());
  return numbers.split(",").map((number) => number.trim());
}
