#!/usr/bin/env bash
# The integration tests that are safe against any deployed instance: BASE_URL=https://host scripts/smoke.sh
# An instance that wants an API key gets the one in the environment's API_KEY.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/say.sh
. scripts/lib/instance.sh

main() {
  local report said
  [[ -n ${BASE_URL:-} ]] || die "BASE_URL is empty: which instance?" "make smoke BASE_URL=https://host, or BASE_URL=http://localhost for the one on this machine"
  # Before anything is installed.
  must_answer "$BASE_URL"
  must_let_in "$BASE_URL"
  scripts/venv.sh tests
  say "Testing $BASE_URL"
  report=$(mktemp)
  .venv/bin/python -m pytest tests/integration -m "not local" --base-url "$BASE_URL" | tee "$report" || {
    die "$BASE_URL does not behave as it should" "the failures are listed above, each with what was expected; it may also be of another version than this checkout"
  }
  said=$(tail -n 1 "$report")
  rm -f "$report"
  [[ $said =~ ([0-9]+)\ passed ]]
  say "$BASE_URL passed ${BASH_REMATCH[1]} checks"
}

main "$@"
