#!/usr/bin/env bash
# Checks every setting, as Compose will see it: the shell's environment first, then .env.
# Prints one line for each bad value and exits with 1.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/env.sh

load_env .env
bad=0
python3 services/settings/settings.py 2>&1 || bad=1
if [[ ${API_KEYS_FILE:-} == secrets/* ]]; then
  python3 services/api/flaskrandom/keys.py check "local/$API_KEYS_FILE" 2>&1 | sed 's/^local./API_KEYS_FILE=/' || bad=1
fi
exit "$bad"
