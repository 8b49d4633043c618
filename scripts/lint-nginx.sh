#!/usr/bin/env bash
# nginx's configuration as it runs: the built image renders it, with the defaults and with everything on; nginx
# itself checks and prints it (nginx -T), and gixy looks for what is insecure in it.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly EVERYTHING=(
  API_KEYS_FILE=secrets/api_keys KEY_RATE_LIMIT=5 'CORS_ALLOW_ORIGINS=https://app.example, http://localhost:3000'
  TRUSTED_PROXIES=10.0.0.0/8 API_UPSTREAM=api:5000 API_BULK_UPSTREAM=api:5001 SERVER_NAME=example.org RATE_BURST=0
)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# look NAME SETTING...
look() {
  local dump=$work/$1.conf setting options=()
  shift
  for setting in "$@"; do options+=(--env "$setting"); done
  docker run --rm --network none --read-only --tmpfs /run/nginx:mode=0777 --tmpfs /var/lib/tls:mode=0777 \
    "${options[@]}" "${REGISTRY:+$REGISTRY/}flaskrandom-nginx:${TAG:-latest}" -T -q >"$dump" 2>"$work/said" ||
    { cat "$work/said"; return 1; }
  gixy "$dump" >"$work/said" 2>&1 || { cat "$work/said"; return 1; }
}

look defaults
look everything "${EVERYTHING[@]}"
look tls TLS=on HTTP3=on SERVER_NAME=example.org
