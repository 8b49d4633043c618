#!/usr/bin/env bash
# Follows the logs of both containers. On a terminal nginx's JSON becomes a short line a request; elsewhere, and
# with RAW=1, every line is as the containers wrote it.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/say.sh
. scripts/lib/env.sh
. scripts/lib/instance.sh

load_env .env
must_have_logs
follow=(docker compose --ansi never logs --follow --tail 100)
if [[ -t 1 && -z ${RAW:-} ]]; then
  exec "${follow[@]}" 2>&1 | exec python3 scripts/logs.py
fi
exec "${follow[@]}"
