#!/usr/bin/env bash
# Graceful reload of Gunicorn, and of nginx if its configuration changed. Both are checked first: what would not start
# is refused, and the old one goes on serving. No call fails while nginx stays: a reload of nginx closes idle
# connections, and a client may just be sending on one. A download is cut if it takes longer than the workers'
# grace (25 s).
# Settings in .env are those of the containers' start: make up takes them over.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/say.sh
. scripts/lib/instance.sh

main() {
  local said pool
  must_run api nginx
  # Compose hands over a variable that is not set as an empty one, and Gunicorn takes "" for a bad number.
  for pool in gunicorn.conf.py gunicorn.bulk.conf.py; do
    said=$(in_api env -u WEB_CONCURRENCY gunicorn --check-config --config "$pool" app:app 2>&1) ||
      refuse "the app does not start with $pool" "$said"
  done
  said=$(in_nginx nginx -e stderr -t 2>&1) ||
    refuse "nginx does not take its configuration" "$said"
  in_api supervisorctl signal HUP flaskrandom flaskrandom-bulk >/dev/null
  if nginx_changed; then
    # Before nginx reads them: what changes meanwhile counts for the next reload.
    in_nginx touch /run/nginx/reloaded
    in_nginx nginx -e stderr -s reload
    say "Reloaded Gunicorn and nginx"
  else
    say "Reloaded Gunicorn; nginx's configuration has not changed"
  fi
}

# nginx_changed: a file of nginx's configuration is newer than nginx's start and its last reload.
# shellcheck disable=SC2016 # expanded in the container
nginx_changed() {
  in_nginx bash -c 'since=/run/nginx/nginx.pid; [[ ! -e /run/nginx/reloaded ]] || since=/run/nginx/reloaded
    [[ -n $(find -L /etc/nginx -cnewer "$since" -print -quit) ]]'
}

in_api() { docker compose exec -T api "$@"; }
in_nginx() { docker compose exec -T nginx "$@"; }

refuse() {
  printf '%s\n' "$2" >&2
  die "$1; nothing was reloaded" "mend what the lines above say"
}

main "$@"
