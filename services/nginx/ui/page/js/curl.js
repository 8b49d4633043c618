/** The curl lines for what is set, quoted for a POSIX shell. */

import { addressOfKind } from "./api.js";
import { asJson, asQuery } from "./encode.js";
import { hasKey } from "./key.js";

/** nginx takes addresses up to 4 KiB; a longer query is sent as a body. */
const LONGEST_ADDRESS = 2000;

/** `{answer, stream}`: the line for values on the terminal (null where they are too many), and for a file of them. */
export function curlLines(settings) {
  const { name } = settings.kind;
  return {
    answer: settings.downloadOnly ? null : line("curl -s", addressOfKind(name), settings.asked()),
    stream: line("curl -fOJ", addressOfKind(name, "stream"), settings.asked({ stream: true })),
  };
}

function line(command, address, asked) {
  const query = asQuery(asked);
  const url = query ? `${address}?${query}` : address;
  const parts = url.length <= LONGEST_ADDRESS
    ? [command, quoted(url)]
    : [command, quoted(address), "-H 'Content-Type: application/json'", `-d ${quoted(asJson(asked))}`];
  // By name: the key itself belongs in no shell history, and on no screen.
  if (hasKey()) parts.push('-H "Authorization: Bearer $API_KEY"');
  return parts.join(" ");
}

/** In single quotes nothing is special but the quote itself. */
export function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
