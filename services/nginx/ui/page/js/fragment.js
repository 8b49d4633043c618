/** Settings in the address, after the `#`, so that they can be shared: `#strings?length=20`. Never a key, never a result. */

import { asQuery } from "./encode.js";

export function writeFragment(settings) {
  const query = asQuery(settings.asked({ stream: true }));
  return `#${settings.kind.name}${query && `?${query}`}`;
}

/** The kind's name, and the texts of its fields. */
export function readFragment(hash) {
  const [, name, query] = /^#?([a-z]*)\??(.*)$/s.exec(hash);
  return { name, given: new Map(new URLSearchParams(query)) };
}
