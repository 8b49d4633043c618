#!/usr/bin/env bash
# Makes an API key for NAME: shows it this once, on standard output, and adds its hash to local/secrets/api_keys (or to
# local/API_KEYS_FILE, when that is set).
#
#   key.sh NAME
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/say.sh
. scripts/lib/env.sh

load_env .env
readonly SETTING=${API_KEYS_FILE:-secrets/api_keys}
readonly FILE=local/$SETTING

main() {
  local made key line
  [[ -n ${1:-} ]] || die "the key needs a name, by which the log will call it" "make key NAME=ci"
  [[ $SETTING == secrets/* ]] || die "API_KEYS_FILE=$SETTING is not in the folder local/secrets of this checkout" "set API_KEYS_FILE=secrets/api_keys"
  made=$(python3 services/api/flaskrandom/keys.py new "$1") || die "no key was made" "the line above says why"
  { read -r key; read -r line; } <<<"$made"
  store "$line"
  printf '%s\n' "$key"
  {
    echo "This is the only time that the key is shown. Its hash is in $FILE; to lock the key out, delete this line:"
    printf '%s\n' "$line"
    [[ -n ${API_KEYS_FILE:-} ]] || echo "Keys are not asked for yet: set API_KEYS_FILE=$SETTING in .env, then make up."
  } >&2
}

# A new file moved in the place of the old one: no request ever sees half a file. Everybody may read it, for the
# api has a user of its own, and nobody can make a key from a hash.
store() {
  local new
  new=$(mktemp "$FILE.XXXXXX")
  # awk ends a last line that lacks its newline.
  if [[ -f $FILE ]]; then awk 1 "$FILE" >"$new"; fi
  printf '%s\n' "$1" >>"$new"
  chmod 0644 "$new"
  mv "$new" "$FILE"
}

main "$@"
